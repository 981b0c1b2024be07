package patterns_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/patterns"
	"github.com/docketlog/docket/internal/record"
)

func TestCounter(t *testing.T) {
	at := func(second int) time.Time { return time.Date(2026, 11, 21, 10, 0, second, 0, time.UTC) }
	var counter patterns.Counter
	assert.Empty(t, counter.Ranked())
	for second, sample := range []patterns.Sample{
		{Body: "user 2  out", Level: record.LevelInfo, Service: "a"},
		{Body: "b 1", Level: record.LevelFatal, Service: "a"},
		{Body: "user 1 out", Level: record.LevelError, Service: "b"},
		{Body: "user 2 out", Level: record.LevelInfo, Service: "b"},
		{Body: "a 1", Level: record.LevelInfo},
	} {
		sample.Time = at(10 - second)
		counter.Add(sample)
	}

	ranked := counter.Ranked()
	require.Len(t, ranked, 3)
	assert.Equal(t, 5, counter.Count())
	assert.Equal(t, "user <num> out", ranked[0].Pattern.String())
	assert.Equal(t, 3, ranked[0].Count())
	assert.Equal(t, 1, ranked[0].Errors())
	assert.Equal(t, map[record.Level]int{record.LevelInfo: 2, record.LevelError: 1}, ranked[0].Levels)
	assert.Equal(t, at(7), ranked[0].First)
	assert.Equal(t, at(10), ranked[0].Last)
	assert.Equal(t, []time.Time{at(10), at(8), at(7)}, ranked[0].Times)
	assert.Equal(t, []string{"a", "b"}, ranked[0].Services)
	require.Len(t, ranked[0].Examples, 2, "the same but for spaces is the same")
	assert.Equal(t, "user 2 out", ranked[0].Examples[0].Body)

	assert.Equal(t, "a <num>", ranked[1].Pattern.String())
	assert.Equal(t, []string{""}, ranked[1].Services)
	assert.Equal(t, 1, ranked[2].Errors())
	assert.Same(t, ranked[2], counter.Tallies()["b <num>"])
}

func TestCounterKeepsLittle(t *testing.T) {
	var counter patterns.Counter
	for n := range 100 {
		counter.Add(patterns.Sample{Body: fmt.Sprint("number ", n), Service: fmt.Sprint(n)})
	}
	ranked := counter.Ranked()
	require.Len(t, ranked, 1)
	assert.Len(t, ranked[0].Examples, 10)
	assert.Len(t, ranked[0].Services, 4)
	assert.Equal(t, 100, ranked[0].Count())
}
