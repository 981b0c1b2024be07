package deadletters

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/logstore"
)

func logsOf(body string) plog.Logs {
	logs := plog.NewLogs()
	logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr(body)
	return logs
}

func seeds(tb testing.TB) [][]byte {
	tb.Helper()
	var values [][]byte
	for _, letter := range []logstore.DeadLetter{
		{},
		{Undecodable: []byte("not OTLP")},
		{ProjectID: 1, RecordID: "id", RefusedAt: time.Unix(1700000000, 5), Reason: "no", Logs: logsOf("text")},
		{ProjectID: math.MinInt64, RefusedAt: time.Unix(-5, 0), Reason: strings.Repeat("é\xff", 200), Logs: logsOf("")},
	} {
		encoded, err := encode(letter)
		require.NoError(tb, err)
		values = append(values, encoded.value)
	}
	return values
}

// What can be decoded is encoded to the same again.
func FuzzDecode(f *testing.F) {
	for _, value := range seeds(f) {
		f.Add(value)
		f.Add(value[:len(value)-1])
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		letter, err := decode("", value)
		if err != nil {
			require.ErrorIs(t, err, errDamaged)
			return
		}
		encoded, err := encode(letter)
		require.NoError(t, err)
		again, err := decode("", encoded.value)
		require.NoError(t, err)
		twice, err := encode(again)
		require.NoError(t, err)
		assert.Equal(t, encoded.value, twice.value)
		assert.True(t, letter.RefusedAt.Equal(again.RefusedAt))
		letter.Logs, again.Logs = plog.Logs{}, plog.Logs{}
		assert.True(t, reflect.DeepEqual(letter, again))
	})
}

func TestDamagedLetters(t *testing.T) {
	value := seeds(t)[2]
	damaged := func(at int, to byte) []byte {
		changed := append([]byte{}, value...)
		changed[at] = to
		return changed
	}
	for message, value := range map[string][]byte{
		"it has 0 bytes":                            nil,
		"it has 53 bytes":                           value[:headerBytes-1],
		"it has the unknown format 2":               damaged(0, 2),
		"it is of the unknown kind 7":               damaged(kindAt, 7),
		"its record id goes on behind":              value[:headerBytes],
		"its reason goes on behind the letter's en": damaged(headerBytes+3, 0x7f),
		"its record cannot be decoded":              append(append([]byte{}, value...), 0xff),
		"it has no record":                          value[:headerBytes+6],
	} {
		_, err := decode("", value)
		require.ErrorIs(t, err, errDamaged)
		require.ErrorContains(t, err, message)
	}
}

// A letter must not change when bbolt uses its memory for something else.
func TestDecodeCopies(t *testing.T) {
	for _, value := range seeds(t) {
		want, err := decode("", append([]byte{}, value...))
		require.NoError(t, err)
		got, err := decode("", value)
		require.NoError(t, err)
		for n := range value {
			value[n] = 0xee
		}
		assert.Equal(t, want, got)
	}
}
