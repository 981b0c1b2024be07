package evaluation

import (
	"context"
	"time"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/filter"
)

// Simulate makes the checks that a new alert with a rule would have made from one moment
// to another, on the records that are there now. It counts them by one question.
func Simulate(
	ctx context.Context, records Records, projectID int64, selected filter.Expression, rule alert.Rule, from, to time.Time,
) ([]alert.SimulatedCheck, error) {
	// A first time to learn which windows are counted, a second one to count them.
	var windows []alert.Span
	collect := func(window alert.Span) int64 { windows = append(windows, window); return 0 }
	if checks := alert.Simulate(rule, from, to, collect); len(checks) == 0 {
		return nil, nil
	}
	counts, err := countFilter(ctx, records, projectID, frameOf(windows), selected)
	if err != nil {
		return nil, err
	}
	return alert.Simulate(rule, from, to, counts.count), nil
}

// SimulateGroups is Simulate for an alert with groups by a field.
func SimulateGroups(
	ctx context.Context, records Records, projectID int64, selected filter.Expression, by filter.Field,
	rule alert.Rule, limits alert.GroupLimits, from, to time.Time,
) ([]alert.SimulatedGroups, error) {
	var windows []alert.Span
	collect := func(of []alert.Span) map[string][]int64 { windows = append(windows, of...); return nil }
	if checks := alert.SimulateGroups(rule, from, to, limits, collect); len(checks) == 0 {
		return nil, nil
	}
	counts, err := countTexts(ctx, records, projectID, frameOf(windows), selected, by)
	if err != nil {
		return nil, err
	}
	return alert.SimulateGroups(rule, from, to, limits, counts.in), nil
}
