package record_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
)

func TestFromSyslog(t *testing.T) {
	tests := []struct {
		severity int
		number   plog.SeverityNumber
		text     string
		level    record.Level
	}{
		{0, 21, "Emergency", record.LevelFatal},
		{1, 19, "Alert", record.LevelError},
		{2, 18, "Critical", record.LevelError},
		{3, 17, "Error", record.LevelError},
		{4, 13, "Warning", record.LevelWarn},
		{5, 10, "Notice", record.LevelInfo},
		{6, 9, "Informational", record.LevelInfo},
		{7, 5, "Debug", record.LevelDebug},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			number, text, ok := record.FromSyslog(test.severity)
			require.True(t, ok)
			assert.Equal(t, test.number, number)
			assert.Equal(t, test.text, text)
			assert.Equal(t, test.level, record.LevelOf(number))

			fromText, ok := record.ParseSeverity(text)
			assert.True(t, ok)
			assert.Equal(t, number, fromText, "the word means what the number means")
		})
	}
	for _, severity := range []int{-1, 8, 1 << 40} {
		number, text, ok := record.FromSyslog(severity)
		assert.False(t, ok)
		assert.Equal(t, plog.SeverityNumberUnspecified, number)
		assert.Empty(t, text)
	}
}

// The table in the documentation is the table in the code.
func TestParseSeverityKnowsTheDocumentedWords(t *testing.T) {
	page, err := os.ReadFile("../../docs/record.md")
	require.NoError(t, err)
	row := regexp.MustCompile("(?m)^\\| (\\d+) [A-Z0-9]+ \\| (`.*`) \\|$")
	word := regexp.MustCompile("`([^`]+)`")
	numbers := 0
	for _, match := range row.FindAllStringSubmatch(string(page), -1) {
		number, err := strconv.ParseInt(match[1], 10, 32)
		require.NoError(t, err)
		numbers++
		for _, match := range word.FindAllStringSubmatch(match[2], -1) {
			for _, text := range []string{match[1], strings.ToUpper(match[1]), " " + match[1] + "\n"} {
				parsed, ok := record.ParseSeverity(text)
				assert.True(t, ok, text)
				assert.Equal(t, plog.SeverityNumber(number), parsed, text)
			}
		}
	}
	assert.Equal(t, 24, numbers, "a row for every severity number")
}

func TestParseSeverityOfTheWireFormats(t *testing.T) {
	words := map[string]plog.SeverityNumber{
		"trace": 1, "debug": 5, "info": 9, "notice": 10, "warn": 13, "warning": 13, "error": 17, "err": 17,
		"crit": 18, "critical": 18, "alert": 19, "fatal": 21, "panic": 21, "emerg": 21, "emergency": 21,
		"10": 1, "20": 5, "30": 9, "40": 13, "50": 17, "60": 21, // pino
		"Trace": 1, "Debug": 5, "Information": 9, "Warning": 13, "Error": 17, "Critical": 18, // .NET, CodeMash
		"DEBUG": 5, "INFO": 9, "WARNING": 13, "ERROR": 17, "CRITICAL": 18, // Python
		"Informational": 9, "FATAL4": 24, "iNfO2": 10,
	}
	for word, want := range words {
		number, ok := record.ParseSeverity(word)
		assert.True(t, ok, word)
		assert.Equal(t, want, number, word)
	}
}

func TestParseSeverityDoesNotGuess(t *testing.T) {
	for _, word := range []string{
		"", " ", "NOTSET", "unknown", "none", "log", "audit", "success", "http", "0", "3", "7", "70", "35", "+30",
		"info5", "info1", "warnings", "information!", "level=info", "ınfo", strings.Repeat("info ", 100),
	} {
		number, ok := record.ParseSeverity(word)
		assert.False(t, ok, word)
		assert.Equal(t, plog.SeverityNumberUnspecified, number, word)
	}
}

func FuzzParseSeverity(f *testing.F) {
	for _, word := range []string{"info", " WARN ", "60", "Informational", "", "fatal4", "\xff", "İNFO"} {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, text string) {
		number, ok := record.ParseSeverity(text)
		assert.Equal(t, ok, number >= plog.SeverityNumberTrace && number <= plog.SeverityNumberFatal4)
		again, _ := record.ParseSeverity(strings.ToUpper(text))
		if ok {
			assert.Equal(t, number, again)
		}
	})
}

func TestLevelOf(t *testing.T) {
	levels := []record.Level{
		record.LevelTrace, record.LevelDebug, record.LevelInfo, record.LevelWarn, record.LevelError, record.LevelFatal,
	}
	for number := plog.SeverityNumber(1); number <= 24; number++ {
		assert.Equal(t, levels[(number-1)/4], record.LevelOf(number), number)
	}
	for _, number := range []plog.SeverityNumber{-1, 0, 25, 1 << 30} {
		assert.Equal(t, record.LevelUnspecified, record.LevelOf(number), number)
	}
}

func TestParseLevel(t *testing.T) {
	for _, name := range []string{"unspecified", "trace", "debug", "info", "warn", "error", "fatal"} {
		for _, spelled := range []string{name, strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:]} {
			level, ok := record.ParseLevel(spelled)
			assert.True(t, ok, spelled)
			assert.Equal(t, record.Level(name), level)
		}
	}
	for _, name := range []string{"", "warning", " info", "critical", "9"} {
		_, ok := record.ParseLevel(name)
		assert.False(t, ok, name)
	}
}
