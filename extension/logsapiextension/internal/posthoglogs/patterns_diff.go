package posthoglogs

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"

	"github.com/docketlog/docket/internal/filter/posthog"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/patterns"
)

// Classes of patterns in a diff.
const (
	// classNew is a pattern that there was not in the baseline, classGone one that
	// there only was; both are frequent enough that chance does not explain it, or
	// errors.
	classNew  = "new"
	classGone = "gone"
	// classShift is a pattern that has become much more or less frequent.
	classShift = "rate_shift"
	// classUnchanged is any other: nothing can be claimed about it.
	classUnchanged = "unchanged"
)

// When patterns are different enough to say so.
const (
	minNovelShare = 1.0 // percent
	minShiftRatio = 2.0
	minShiftCount = 10 // on both sides
)

// baselineShift is how long before the question's range that of the baseline is, if
// the client does not say it: daily and weekly cycles are then the same.
const baselineShift = 7 * day

// PatternsDiffAnswer is the answer of PatternsDiff.
type PatternsDiffAnswer struct {
	// Entries are new patterns first, then those that have shifted, then those that are
	// gone, then the others.
	Entries  []PatternDiff `json:"entries"`
	Current  DiffWindow    `json:"current"`
	Baseline DiffWindow    `json:"baseline"`
}

// PatternDiff is how a pattern has changed.
type PatternDiff struct {
	Classification string `json:"classification"`
	// RateRatio is how many times as frequent as in the baseline the pattern is; null
	// if it is not in both.
	RateRatio *float64 `json:"rate_ratio"`
	// Pattern is that of the current range, or of the baseline if it is gone.
	Pattern Pattern `json:"pattern"`
	// The following are null if the pattern is not in the baseline.
	BaselineEstimatedCount *int64   `json:"baseline_estimated_count"`
	BaselineVolumeSharePct *float64 `json:"baseline_volume_share_pct"`
}

// DiffWindow is a range whose patterns are compared, both ends included.
type DiffWindow struct {
	SampleInfo
	DateFrom string `json:"date_from"`
	DateTo   string `json:"date_to"`
}

// PatternsDiff compares the patterns of a range with those of a baseline, with the
// same filters.
func (a API) PatternsDiff(ctx context.Context, body Body) (PatternsDiffAnswer, error) {
	_, selected, err := a.ask(body)
	if err != nil {
		return PatternsDiffAnswer{}, err
	}
	before, err := a.baseline(body, selected)
	if err != nil {
		return PatternsDiffAnswer{}, err
	}
	current, err := a.sample(ctx, selected)
	if err != nil {
		return PatternsDiffAnswer{}, err
	}
	baseline, err := a.sample(ctx, before)
	if err != nil {
		return PatternsDiffAnswer{}, err
	}
	return PatternsDiffAnswer{
		Entries: compareSamples(current, baseline), Current: current.window(), Baseline: baseline.window(),
	}, nil
}

// baseline returns the selection to compare with.
func (a API) baseline(body Body, selected logstore.Selection) (logstore.Selection, error) {
	if raw := body["baselineDateRange"]; !isMissing(raw) {
		var err error
		selected.From, selected.To, err = posthog.ParseDateRange(raw, a.clock())
		return selected, err
	}
	if selected.From.IsZero() {
		return selected, problem("baselineDateRange is required when dateRange has no start")
	}
	selected.From, selected.To = selected.From.Add(-baselineShift), selected.To.Add(-baselineShift)
	return selected, nil
}

func (s *sample) window() DiffWindow {
	return DiffWindow{SampleInfo: s.info(), DateFrom: timeText(s.first), DateTo: timeText(s.last)}
}

// rate returns how many records of a pattern there are a second.
func (s *sample) rate(tally *patterns.Tally) float64 {
	seconds := s.last.Sub(s.first).Seconds()
	return float64(s.estimate(tally.Count())) / math.Max(seconds, 1)
}

// isNotable reports whether a pattern is there by more than chance.
func (s *sample) isNotable(tally *patterns.Tally) bool {
	return tally.Errors() > 0 || percent(int64(tally.Count()), int64(s.counter.Count())) >= minNovelShare
}

// compareSamples returns the most interesting differences.
func compareSamples(current, baseline *sample) []PatternDiff {
	entries := []PatternDiff{}
	was := baseline.counter.Tallies()
	for name, tally := range current.counter.Tallies() {
		entries = append(entries, comparePattern(current, baseline, tally, was[name]))
	}
	is := current.counter.Tallies()
	for name, tally := range was {
		if is[name] == nil && baseline.isNotable(tally) {
			entry := PatternDiff{Classification: classGone, Pattern: baseline.pattern(tally)}
			entry.setBaseline(baseline, tally)
			entries = append(entries, entry)
		}
	}
	slices.SortFunc(entries, func(a, b PatternDiff) int {
		return cmp.Or(
			cmp.Compare(rankOf(a.Classification), rankOf(b.Classification)),
			cmp.Compare(b.weight(), a.weight()),
			strings.Compare(a.Pattern.Pattern, b.Pattern.Pattern),
		)
	})
	return entries[:min(maxPatterns, len(entries))]
}

// comparePattern compares a pattern with what it was in the baseline, which may be nil.
func comparePattern(current, baseline *sample, is, was *patterns.Tally) PatternDiff {
	entry := PatternDiff{Classification: classUnchanged, Pattern: current.pattern(is)}
	if was == nil {
		if current.isNotable(is) {
			entry.Classification = classNew
		}
		return entry
	}
	ratio := current.rate(is) / baseline.rate(was)
	hasShifted := ratio >= minShiftRatio || ratio <= 1/minShiftRatio
	if hasShifted && min(is.Count(), was.Count()) >= minShiftCount {
		entry.Classification = classShift
	}
	rounded := roundTo(ratio, 4)
	entry.RateRatio = &rounded
	entry.setBaseline(baseline, was)
	return entry
}

func (d *PatternDiff) setBaseline(baseline *sample, was *patterns.Tally) {
	estimate := baseline.estimate(was.Count())
	share := percent(int64(was.Count()), int64(baseline.counter.Count()))
	d.BaselineEstimatedCount, d.BaselineVolumeSharePct = &estimate, &share
}

// rankOf returns the place of a class among others.
func rankOf(class string) int {
	return slices.Index([]string{classNew, classShift, classGone, classUnchanged}, class)
}

// weight is what puts entries of the same class in order.
func (d *PatternDiff) weight() float64 {
	if d.Classification == classShift && *d.RateRatio > 0 {
		return math.Max(*d.RateRatio, 1 / *d.RateRatio)
	}
	return float64(d.Pattern.EstimatedCount)
}
