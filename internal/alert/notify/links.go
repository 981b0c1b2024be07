package notify

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/dates"
	"github.com/docketlog/docket/internal/filter/posthog"
	"github.com/docketlog/docket/internal/filter/text"
)

// alertURL returns the address at which the web page shows an alert.
func alertURL(base string, a alertstore.Alert) string {
	return fmt.Sprintf("%s/ui/#/alerts/%s?project=%d", base, a.ID, a.ProjectID)
}

// logsURL returns the address at which the web page shows the records that a check has
// counted.
func logsURL(base string, a alertstore.Alert, m Message, t alertstore.Transition) string {
	from, to := t.From, t.To
	if to.IsZero() {
		to = t.At
		from = to.Add(-time.Duration(m.WindowMinutes) * time.Minute)
	}
	parameters := url.Values{
		"project": {strconv.FormatInt(a.ProjectID, 10)},
		"from":    {from.UTC().Format(time.RFC3339Nano)}, "to": {to.UTC().Format(time.RFC3339Nano)},
	}
	if q := searchText(a, m, t); q != "" {
		parameters.Set("q", q)
	}
	return base + "/ui/#/explore?" + parameters.Encode()
}

// searchText returns what to type to find the records that an alert counts, or those of
// a group; "" if that cannot be typed, and then the page shows all records of the time.
func searchText(a alertstore.Alert, m Message, t alertstore.Transition) string {
	counted, err := posthog.ParseAlert(a.Filters, dates.Clock{Now: t.At})
	if err != nil {
		return ""
	}
	var all filter.And
	if counted != nil {
		all = append(all, counted)
	}
	if m.GroupBy != nil {
		field, err := m.GroupBy.GroupField()
		if err != nil {
			return ""
		}
		all = append(all, filter.Equal{Field: field, Values: []string{m.Group}})
	}
	q, _ := text.Format(all)
	return q
}
