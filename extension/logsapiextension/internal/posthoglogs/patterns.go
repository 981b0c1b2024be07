package posthoglogs

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/patterns"
	"github.com/docketlog/docket/internal/record"
)

// Bounds of Patterns and PatternsDiff.
const (
	// maxSample is how many records patterns are counted in, the newest ones.
	maxSample      = 10_000
	maxPatterns    = 200
	patternBuckets = 24
)

// PatternsAnswer is the answer of Patterns.
type PatternsAnswer struct {
	// Patterns are the most frequent ones, the most frequent first.
	Patterns []Pattern `json:"patterns"`
	SampleInfo
	// SparklineBuckets are the ranges that each pattern's Sparkline counts.
	SparklineBuckets []TimeRange `json:"sparkline_buckets"`
}

// SampleInfo says how much of what was asked about has been looked at.
type SampleInfo struct {
	// ScannedCount is how many records were looked at, TotalCount how many there are.
	ScannedCount int   `json:"scanned_count"`
	TotalCount   int64 `json:"total_count"`
	// Sampled is true when the two differ; then those looked at are the newest.
	Sampled bool `json:"sampled"`
	// SampleCoveragePct is the share of those looked at, from 0 to 100.
	SampleCoveragePct float64 `json:"sample_coverage_pct"`
}

// TimeRange is a range of time, from Start on and before End.
type TimeRange struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

// Pattern is a pattern and where it was found. The estimated counts are those that all
// records would have if they were as those looked at.
type Pattern struct {
	Pattern        string `json:"pattern"`
	Count          int    `json:"count"`
	EstimatedCount int64  `json:"estimated_count"`
	// VolumeSharePct is the share of the records looked at, from 0 to 100.
	VolumeSharePct      float64          `json:"volume_share_pct"`
	ErrorCount          int              `json:"error_count"`
	EstimatedErrorCount int64            `json:"estimated_error_count"`
	FirstSeen           string           `json:"first_seen"`
	LastSeen            string           `json:"last_seen"`
	Examples            []PatternExample `json:"examples"`
	Services            []string         `json:"services"`
	// Sparkline is the estimated count by time.
	Sparkline      []int64        `json:"sparkline"`
	SeverityCounts map[string]int `json:"severity_counts"`
	// MatchRegex finds the pattern's bodies as the value of a regex filter on message,
	// MatchLiteral most of them as that of icontains; null when there is no safe one.
	MatchRegex   *string `json:"match_regex"`
	MatchLiteral *string `json:"match_literal"`
}

// PatternExample is a record of a pattern.
type PatternExample struct {
	// Body is cut and has single spaces.
	Body         string `json:"body"`
	SeverityText string `json:"severity_text"`
	ServiceName  string `json:"service_name"`
	Timestamp    string `json:"timestamp"`
}

// sample is records whose patterns have been counted.
type sample struct {
	counter patterns.Counter
	total   int64
	// from and to are the range of the records looked at, first and last that of the
	// question.
	from, to    time.Time
	first, last time.Time
}

// Patterns finds out which messages records are made of.
func (a API) Patterns(ctx context.Context, body Body) (PatternsAnswer, error) {
	_, selected, err := a.ask(body)
	if err != nil {
		return PatternsAnswer{}, err
	}
	s, err := a.sample(ctx, selected)
	if err != nil {
		return PatternsAnswer{}, err
	}
	answer := PatternsAnswer{Patterns: []Pattern{}, SampleInfo: s.info(), SparklineBuckets: s.buckets()}
	ranked := s.counter.Ranked()
	for _, tally := range ranked[:min(maxPatterns, len(ranked))] {
		answer.Patterns = append(answer.Patterns, s.pattern(tally))
	}
	return answer, nil
}

// sample counts the patterns of the newest records of a selection.
func (a API) sample(ctx context.Context, selected logstore.Selection) (*sample, error) {
	s := &sample{from: selected.From, to: selected.To, first: selected.From, last: selected.To}
	oldest := selected.To
	err := logstore.Scan(ctx, a.Reader, queryOf(selected, maxSample), func(r record.Record) error {
		oldest = logstore.PlaceOf(r).Timestamp
		s.counter.Add(patterns.Sample{
			Body: filter.Text(r.Log.Body()), Level: record.LevelOf(r.Log.SeverityNumber()),
			Service: filter.Service(r), Time: oldest,
		})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for patterns: %w", err)
	}
	s.total = int64(s.counter.Count())
	if s.counter.Count() == maxSample {
		if s.total, err = a.count(ctx, selected); err != nil {
			return nil, err
		}
		s.total = max(s.total, maxSample) // records may have gone
	}
	if s.first.IsZero() {
		s.first = oldest
	}
	if s.from.IsZero() || s.isPart() {
		s.from = oldest
	}
	return s, nil
}

// isPart reports whether there are records that were not looked at.
func (s *sample) isPart() bool { return s.total > int64(s.counter.Count()) }

func (s *sample) info() SampleInfo {
	info := SampleInfo{ScannedCount: s.counter.Count(), TotalCount: s.total, Sampled: s.isPart(), SampleCoveragePct: 100}
	if s.isPart() {
		info.SampleCoveragePct = percent(int64(s.counter.Count()), s.total)
	}
	return info
}

// estimate returns how many of all records there are if so many have been found.
func (s *sample) estimate(count int) int64 {
	if !s.isPart() {
		return int64(count)
	}
	return int64(math.Round(float64(count) / float64(s.counter.Count()) * float64(s.total)))
}

// pattern tells what a tally has.
func (s *sample) pattern(tally *patterns.Tally) Pattern {
	p := Pattern{
		Pattern: tally.Pattern.String(),
		Count:   tally.Count(), EstimatedCount: s.estimate(tally.Count()),
		VolumeSharePct: percent(int64(tally.Count()), int64(s.counter.Count())),
		ErrorCount:     tally.Errors(), EstimatedErrorCount: s.estimate(tally.Errors()),
		FirstSeen: timeText(tally.First), LastSeen: timeText(tally.Last),
		Services: tally.Services, Sparkline: s.sparkline(tally.Times), SeverityCounts: map[string]int{},
		MatchRegex: matchRegex(tally),
	}
	if literal := tally.Pattern.Literal(); literal != "" {
		p.MatchLiteral = &literal
	}
	for level, count := range tally.Levels {
		p.SeverityCounts[string(level)] = count
	}
	for _, example := range tally.Examples {
		p.Examples = append(p.Examples, PatternExample{
			Body: example.Body, SeverityText: string(example.Level), ServiceName: example.Service, Timestamp: timeText(example.Time),
		})
	}
	return p
}

// matchRegex returns a regular expression that filters take and that finds the
// examples of a pattern; nil if there is none.
func matchRegex(tally *patterns.Tally) *string {
	expression := tally.Pattern.Regexp()
	if expression == "" {
		return nil
	}
	compiled, err := filter.ParseRegexp(expression)
	if err != nil { // such as one that is too long
		return nil
	}
	for _, example := range tally.Examples {
		if !compiled.MatchString(example.Body) {
			return nil
		}
	}
	return &expression
}

// bucketWidth is how long a bucket of the sparkline is, in whole milliseconds.
func (s *sample) bucketWidth() time.Duration {
	return (s.to.Sub(s.from) / patternBuckets).Truncate(time.Millisecond) + time.Millisecond
}

// buckets are those of the sparkline.
func (s *sample) buckets() []TimeRange {
	ranges := make([]TimeRange, patternBuckets)
	for i := range ranges {
		start := s.from.Add(time.Duration(i) * s.bucketWidth())
		ranges[i] = TimeRange{Start: timeText(start), End: timeText(start.Add(s.bucketWidth()))}
	}
	return ranges
}

// sparkline estimates how many records there are by time.
func (s *sample) sparkline(times []time.Time) []int64 {
	counts := make([]int, patternBuckets)
	for _, t := range times {
		bucket := int(t.Sub(s.from) / s.bucketWidth())
		counts[max(0, min(bucket, patternBuckets-1))]++
	}
	estimates := make([]int64, patternBuckets)
	for i, count := range counts {
		estimates[i] = s.estimate(count)
	}
	return estimates
}
