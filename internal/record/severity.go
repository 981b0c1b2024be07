package record

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/plog"
)

// Level is the coarse severity by which people filter. It follows from the
// severity number alone, never from the sender's own word.
type Level string

// The levels, from the least to the most severe. LevelUnspecified is that of a
// record whose severity is unknown; no filter but its own matches it.
const (
	LevelUnspecified Level = "unspecified"
	LevelTrace       Level = "trace"
	LevelDebug       Level = "debug"
	LevelInfo        Level = "info"
	LevelWarn        Level = "warn"
	LevelError       Level = "error"
	LevelFatal       Level = "fatal"
)

// LevelOf returns the level of a severity number by its range in the
// OpenTelemetry data model: 1-4 trace, 5-8 debug, 9-12 info, 13-16 warn, 17-20
// error, 21-24 fatal, anything else unspecified.
func LevelOf(number plog.SeverityNumber) Level {
	switch {
	case number < plog.SeverityNumberTrace || number > plog.SeverityNumberFatal4:
		return LevelUnspecified
	case number <= plog.SeverityNumberTrace4:
		return LevelTrace
	case number <= plog.SeverityNumberDebug4:
		return LevelDebug
	case number <= plog.SeverityNumberInfo4:
		return LevelInfo
	case number <= plog.SeverityNumberWarn4:
		return LevelWarn
	case number <= plog.SeverityNumberError4:
		return LevelError
	default:
		return LevelFatal
	}
}

// ParseLevel returns the level with this name, in any case.
func ParseLevel(name string) (Level, bool) {
	switch level := Level(strings.ToLower(name)); level {
	case LevelUnspecified, LevelTrace, LevelDebug, LevelInfo, LevelWarn, LevelError, LevelFatal:
		return level, true
	default:
		return LevelUnspecified, false
	}
}

// FromSyslog returns the severity number and text of a syslog severity (RFC
// 5424: 0 Emergency to 7 Debug), as the OpenTelemetry data model maps them. It
// returns false for any other number.
func FromSyslog(severity int) (number plog.SeverityNumber, text string, ok bool) {
	switch severity {
	case 0:
		return plog.SeverityNumberFatal, "Emergency", true
	case 1:
		return plog.SeverityNumberError3, "Alert", true
	case 2:
		return plog.SeverityNumberError2, "Critical", true
	case 3:
		return plog.SeverityNumberError, "Error", true
	case 4:
		return plog.SeverityNumberWarn, "Warning", true
	case 5:
		return plog.SeverityNumberInfo2, "Notice", true
	case 6:
		return plog.SeverityNumberInfo, "Informational", true
	case 7:
		return plog.SeverityNumberDebug, "Debug", true
	default:
		return plog.SeverityNumberUnspecified, "", false
	}
}
