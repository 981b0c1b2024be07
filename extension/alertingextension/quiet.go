package alertingextension

import (
	"encoding/json"
	"time"

	"github.com/docketlog/docket/internal/alert"
)

// isQuiet reports whether the quiet hours of an alert hold. What cannot be read is none:
// the API takes no such.
func isQuiet(quietHours json.RawMessage, at time.Time) bool {
	hours, err := alert.ParseQuietHours(quietHours)
	return err == nil && hours.Hold(at)
}
