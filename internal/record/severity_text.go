package record

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/plog"
)

// maxSeverityText is the length of the longest word that ParseSeverity knows.
const maxSeverityText = len("informational")

// ParseSeverity returns the severity number that a sender's own word for the
// severity stands for, in any case and with or without white space around it. It
// returns false for a word that it does not know.
//
// It knows the words of OpenTelemetry, syslog, .NET, Python, Java, Go (zap),
// Node (winston) and their usual short forms, and pino's numbers. Words that
// mean different severities in these follow syslog, then the OpenTelemetry data
// model (its appendix B); docs/record.md has the table.
func ParseSeverity(text string) (plog.SeverityNumber, bool) {
	text = strings.TrimSpace(text)
	if len(text) > maxSeverityText {
		return plog.SeverityNumberUnspecified, false
	}
	number := severityOf(strings.ToLower(text))
	return number, number != plog.SeverityNumberUnspecified
}

// severityOf returns the number of a lower-case word, or unspecified.
func severityOf(word string) plog.SeverityNumber {
	switch word {
	case "trace", "trce", "finest", "silly", "t", "10":
		return plog.SeverityNumberTrace
	case "trace2":
		return plog.SeverityNumberTrace2
	case "trace3":
		return plog.SeverityNumberTrace3
	case "trace4":
		return plog.SeverityNumberTrace4
	case "debug", "dbug", "dbg", "verbose", "finer", "d", "20":
		return plog.SeverityNumberDebug
	case "debug2", "fine":
		return plog.SeverityNumberDebug2
	case "debug3", "config":
		return plog.SeverityNumberDebug3
	case "debug4":
		return plog.SeverityNumberDebug4
	case "info", "information", "informational", "inf", "i", "30":
		return plog.SeverityNumberInfo
	case "info2", "notice":
		return plog.SeverityNumberInfo2
	case "info3":
		return plog.SeverityNumberInfo3
	case "info4":
		return plog.SeverityNumberInfo4
	case "warn", "warning", "wrn", "w", "40":
		return plog.SeverityNumberWarn
	case "warn2":
		return plog.SeverityNumberWarn2
	case "warn3":
		return plog.SeverityNumberWarn3
	case "warn4":
		return plog.SeverityNumberWarn4
	case "error", "err", "severe", "fail", "e", "50":
		return plog.SeverityNumberError
	case "error2", "critical", "crit", "dpanic":
		return plog.SeverityNumberError2
	case "error3", "alert":
		return plog.SeverityNumberError3
	case "error4":
		return plog.SeverityNumberError4
	case "fatal", "emergency", "emerg", "panic", "ftl", "f", "60":
		return plog.SeverityNumberFatal
	case "fatal2":
		return plog.SeverityNumberFatal2
	case "fatal3":
		return plog.SeverityNumberFatal3
	case "fatal4":
		return plog.SeverityNumberFatal4
	default:
		return plog.SeverityNumberUnspecified
	}
}
