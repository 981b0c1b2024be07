package notify

import (
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/docketlog/docket/internal/alert/alertstore"
)

// logsURL returns the address at which the web page shows the records that a check has
// counted.
func logsURL(base string, projectID int64, m Message, t alertstore.Transition) string {
	from, to := t.From, t.To
	if to.IsZero() {
		to = t.At
		from = to.Add(-time.Duration(m.WindowMinutes) * time.Minute)
	}
	query := url.Values{}
	put := func(name string, value any) {
		text, err := json.Marshal(value)
		if err == nil {
			query.Set(name, string(text))
		}
	}
	if len(m.SeverityLevels) > 0 {
		put("severityLevels", m.SeverityLevels)
	}
	if len(m.ServiceNames) > 0 {
		put("serviceNames", m.ServiceNames)
	}
	put("dateRange", map[string]string{
		"date_from": from.UTC().Format(time.RFC3339Nano), "date_to": to.UTC().Format(time.RFC3339Nano),
	})
	return fmt.Sprintf("%s/project/%d/logs?%s", base, projectID, query.Encode())
}
