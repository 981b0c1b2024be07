package logsapiextension

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// patternAnswer is a pattern of …/logs/patterns.
type patternAnswer struct {
	Pattern             string          `json:"pattern"`
	Count               int             `json:"count"`
	EstimatedCount      int             `json:"estimated_count"`
	VolumeSharePct      float64         `json:"volume_share_pct"`
	ErrorCount          int             `json:"error_count"`
	EstimatedErrorCount int             `json:"estimated_error_count"`
	FirstSeen           string          `json:"first_seen"`
	LastSeen            string          `json:"last_seen"`
	Examples            []exampleAnswer `json:"examples"`
	Services            []string        `json:"services"`
	Sparkline           []int           `json:"sparkline"`
	SeverityCounts      map[string]int  `json:"severity_counts"`
	MatchRegex          *string         `json:"match_regex"`
	MatchLiteral        *string         `json:"match_literal"`
}

type exampleAnswer struct {
	Body         string `json:"body"`
	SeverityText string `json:"severity_text"`
	ServiceName  string `json:"service_name"`
	Timestamp    string `json:"timestamp"`
}

type sampleAnswer struct {
	ScannedCount      int     `json:"scanned_count"`
	TotalCount        int     `json:"total_count"`
	Sampled           bool    `json:"sampled"`
	SampleCoveragePct float64 `json:"sample_coverage_pct"`
}

type patternsAnswer struct {
	Patterns []patternAnswer `json:"patterns"`
	sampleAnswer
	SparklineBuckets []struct {
		Start string `json:"start"`
		End   string `json:"end"`
	} `json:"sparkline_buckets"`
}

func (s *server) patterns(query string) (answer patternsAnswer) {
	s.t.Helper()
	require.NoError(s.t, decodeLoosely(s.mustAsk("patterns", `{"query":{`+query+`}}`), &answer))
	return answer
}

func TestPatterns(t *testing.T) {
	s := newQueryServer(t)
	answer := s.patterns(fixtureRange)
	assert.Equal(t, sampleAnswer{ScannedCount: 5, TotalCount: 5, SampleCoveragePct: 100}, answer.sampleAnswer)
	require.Len(t, answer.Patterns, 4)
	first := answer.Patterns[0]
	assert.Equal(t, "user <num> logged in", first.Pattern)
	assert.Equal(t, 2, first.Count)
	assert.Equal(t, 2, first.EstimatedCount)
	assert.InDelta(t, 40, first.VolumeSharePct, 0)
	assert.Equal(t, "2026-11-20T10:00:00Z", first.FirstSeen)
	assert.Equal(t, "2026-11-20T10:02:00Z", first.LastSeen)
	assert.Equal(t, []string{"billing", "api"}, first.Services)
	assert.Equal(t, map[string]int{"info": 1, "warn": 1}, first.SeverityCounts)
	assert.Equal(t, exampleAnswer{"user 2 logged in", "warn", "billing", "2026-11-20T10:02:00Z"}, first.Examples[0])
	require.Len(t, first.Sparkline, len(answer.SparklineBuckets))
	for i, count := range first.Sparkline {
		start := answer.SparklineBuckets[i].Start
		isThere := i == 0 || start < "2026-11-20T10:02:00Z" && answer.SparklineBuckets[i].End > "2026-11-20T10:02:00Z"
		assert.Equal(t, isThere, count == 1, start)
	}
	assert.Equal(t, "timeout after <num>ms", answer.Patterns[2].Pattern)
	assert.Equal(t, 1, answer.Patterns[2].EstimatedErrorCount)

	// What a pattern says it can be found by finds what it was found in.
	for _, pattern := range answer.Patterns {
		filtered := s.patterns(fmt.Sprintf(`%s,"filterGroup":[{"key":"message","type":"log","operator":"regex","value":%q}]`, fixtureRange, *pattern.MatchRegex))
		require.Len(t, filtered.Patterns, 1)
		assert.Equal(t, pattern.Count, filtered.Patterns[0].Count)
		filtered = s.patterns(fmt.Sprintf(`%s,"searchTerm":%q`, fixtureRange, *pattern.MatchLiteral))
		assert.Equal(t, pattern.Pattern, filtered.Patterns[0].Pattern)
	}
	empty := s.patterns(``)
	assert.Empty(t, empty.Patterns)
	assert.NotNil(t, empty.Patterns)
	assert.Len(t, empty.SparklineBuckets, 24)
}

// Of more records than are looked at, the newest are, and counts are estimated.
func TestPatternsOfASample(t *testing.T) {
	s := newServer(t, nil)
	for n := range 12_000 {
		body := "even number"
		if n%4 == 1 {
			body = fmt.Sprint("odd number ", n)
		}
		if n < 1000 {
			body = "too old"
		}
		s.addEntries(logEntry{id: n, at: fmt.Sprintf("2026-11-20T10:%02d:%02d.%03dZ", n/1200, n/20%60, n%20*50), severity: 17, body: body})
	}
	for _, dateRange := range []string{fixtureRange, `"dateRange":{"date_from":"all","date_to":"2026-11-20T10:10:00Z"}`} {
		answer := s.patterns(dateRange)
		assert.Equal(t, sampleAnswer{ScannedCount: 10_000, TotalCount: 12_000, Sampled: true, SampleCoveragePct: 83.33}, answer.sampleAnswer)
		require.Len(t, answer.Patterns, 2)
		assert.Equal(t, 7500, answer.Patterns[0].Count)
		assert.Equal(t, 9000, answer.Patterns[0].EstimatedCount)
		assert.Equal(t, 3000, answer.Patterns[1].EstimatedErrorCount)
		assert.InDelta(t, 75, answer.Patterns[0].VolumeSharePct, 0)
		assert.Equal(t, "2026-11-20T10:01:40Z", answer.SparklineBuckets[0].Start, "buckets are of what was looked at")
		assert.Len(t, answer.Patterns[1].Examples, 10)
		sum := 0
		for _, count := range answer.Patterns[0].Sparkline {
			sum += count
		}
		assert.InDelta(t, 9000, sum, 24)
	}
}

type diffAnswer struct {
	Entries []struct {
		Classification         string        `json:"classification"`
		RateRatio              *float64      `json:"rate_ratio"`
		Pattern                patternAnswer `json:"pattern"`
		BaselineEstimatedCount *int          `json:"baseline_estimated_count"`
		BaselineVolumeSharePct *float64      `json:"baseline_volume_share_pct"`
	} `json:"entries"`
	Current, Baseline struct {
		sampleAnswer
		DateFrom string `json:"date_from"`
		DateTo   string `json:"date_to"`
	}
}

// lines are the entries, to be compared.
func (a diffAnswer) lines() (lines []string) {
	number := func(format string, value any, isNull bool) string {
		if isNull {
			return "null"
		}
		return fmt.Sprintf(format, value)
	}
	for _, entry := range a.Entries {
		ratio, count, share := 0.0, 0, 0.0
		if entry.RateRatio != nil {
			ratio = *entry.RateRatio
		}
		if entry.BaselineEstimatedCount != nil {
			count, share = *entry.BaselineEstimatedCount, *entry.BaselineVolumeSharePct
		}
		lines = append(lines, strings.Join([]string{
			entry.Classification, entry.Pattern.Pattern, number("%g", ratio, entry.RateRatio == nil),
			number("%d", count, entry.BaselineEstimatedCount == nil), number("%g", share, entry.BaselineVolumeSharePct == nil),
		}, " | "))
	}
	return lines
}

func TestPatternsDiff(t *testing.T) {
	s := newServer(t, nil)
	id := 0
	add := func(day, count int, body string) {
		for range count {
			id++
			s.addEntries(logEntry{id: id, at: fmt.Sprintf("2026-11-%02dT10:00:%02dZ", day, id%60), severity: 9, body: body})
		}
	}
	const now, weekAgo = 20, 13
	add(now, 300, "as before 1")
	add(weekAgo, 310, "as before 2")
	add(now, 80, "more often 1")
	add(weekAgo, 20, "more often 2")
	add(now, 10, "less often")
	add(weekAgo, 100, "less often")
	add(now, 9, "too few to say")
	add(weekAgo, 90, "too few to say")
	add(now, 30, "quite new")
	add(now, 1, "new by chance")
	add(weekAgo, 40, "no more")
	add(weekAgo, 1, "no more by chance")
	s.addEntries(logEntry{id: 9000, at: "2026-11-20T10:00:00Z", severity: 17, body: "a new error"})
	s.addEntries(logEntry{id: 9001, at: "2026-11-13T10:00:00Z", severity: 21, body: "an old error"})

	want := []string{
		"new | quite new | null | null | null",
		"new | a new error | null | null | null",
		"rate_shift | less often | 0.1 | 100 | 17.79",
		"rate_shift | more often <num> | 4 | 20 | 3.56",
		"gone | no more | null | 40 | 7.12",
		"gone | an old error | null | 1 | 0.18",
		"unchanged | as before <num> | 0.9677 | 310 | 55.16",
		"unchanged | too few to say | 0.1 | 90 | 16.01",
		"unchanged | new by chance | null | null | null",
	}
	ask := func(body string) (answer diffAnswer) {
		require.NoError(t, decodeLoosely(s.mustAsk("patterns_diff", body), &answer))
		return answer
	}
	answer := ask(`{"query":{` + fixtureRange + `}}`)
	assert.Equal(t, want, answer.lines())
	assert.Equal(t, sampleAnswer{ScannedCount: 431, TotalCount: 431, SampleCoveragePct: 100}, answer.Current.sampleAnswer)
	assert.Equal(t, 562, answer.Baseline.TotalCount)
	assert.Equal(t, "2026-11-13T10:00:00Z", answer.Baseline.DateFrom, "a week before")
	assert.Equal(t, "2026-11-13T10:10:00.999999999Z", answer.Baseline.DateTo)

	same := ask(`{"query":{` + fixtureRange + `},"baselineDateRange":{"date_from":"2026-11-13T10:00:00Z","date_to":"2026-11-13T10:10:00Z"}}`)
	assert.Equal(t, want, same.lines())
	twice := ask(`{"query":{` + fixtureRange + `,"searchTerm":"more often"},"baselineDateRange":{"date_from":"2026-11-13T10:00:00Z","date_to":"2026-11-13T10:20:00.9Z"}}`)
	require.Len(t, twice.Entries, 1)
	assert.InDelta(t, 8, *twice.Entries[0].RateRatio, 0.02, "rates are compared, not counts")
}

func TestPatternsHaveSafeExpressions(t *testing.T) {
	s := newServer(t, nil)
	long := strings.Repeat("word 1 ", 300)
	s.addEntries(
		logEntry{id: 1, at: "2026-11-20T10:00:00Z", body: long}, logEntry{id: 2, at: "2026-11-20T10:00:00Z", body: "1 2 3"},
		logEntry{id: 3, at: "2026-11-20T10:00:00Z", body: "(a+b)* [x] 1"},
	)
	for _, pattern := range s.patterns(fixtureRange).Patterns {
		switch {
		case strings.HasPrefix(pattern.Pattern, "word"):
			assert.Nil(t, pattern.MatchRegex, "longer than filters take")
			assert.Equal(t, "word", *pattern.MatchLiteral)
		case strings.HasPrefix(pattern.Pattern, "<num>"):
			assert.Nil(t, pattern.MatchRegex)
			assert.Nil(t, pattern.MatchLiteral)
		default:
			assert.Regexp(t, *pattern.MatchRegex, "(a+b)* [x] 17")
		}
	}
}
