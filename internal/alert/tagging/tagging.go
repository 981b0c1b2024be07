// Package tagging tells which alerts a record matches, as it is received.
package tagging

import (
	"encoding/json"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/percolator"
	"github.com/docketlog/docket/internal/record"
)

// Rules are the alerts of all projects as they were at one moment. They do not change,
// and are safe for concurrent use.
type Rules struct {
	projects map[int64]*rules
	// count is the number of alerts.
	count int
}

// rules are those of one project.
type rules struct {
	filters  *percolator.Percolator
	compiled []*percolator.Filter
	// tags are those of the filters, by their index.
	tags []string
}

// New returns the rules of the alerts that are enabled. An alert whose filters cannot be
// read matches nothing: it is the evaluator that tells its users so.
func New(alerts []alertstore.Alert, compile func(filters json.RawMessage) (filter.Expression, error)) *Rules {
	return NewBuilder(compile).Build(alerts)
}

// Len returns the number of alerts.
func (r *Rules) Len() int { return r.count }

// Tag gives a record the attribute record.AttributeAlertMatches, with the tags of the
// alerts that it matches, or takes away one that somebody else has given it. Matches is a
// buffer, which is returned to be used again.
func (r *Rules) Tag(tagged record.Record, projectID int64, matches []int) []int {
	attributes := tagged.Log.Attributes()
	attributes.Remove(record.AttributeAlertMatches)
	of, ok := r.projects[projectID]
	if !ok {
		return matches
	}
	matches = of.filters.Match(matches[:0], tagged)
	if len(matches) == 0 {
		return matches
	}
	tags := attributes.PutEmptySlice(record.AttributeAlertMatches)
	tags.EnsureCapacity(len(matches))
	of.put(tags, matches)
	return matches
}

// put writes tags in the order of the alerts, so that records which match the same ones
// have the same text.
func (r *rules) put(tags pcommon.Slice, matches []int) {
	slices.Sort(matches)
	for _, index := range matches {
		tags.AppendEmpty().SetStr(r.tags[index])
	}
}
