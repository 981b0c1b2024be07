package patterns

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/docketlog/docket/internal/record"
)

// Bounds of what a tally keeps of its texts.
const (
	maxExamples = 10
	maxServices = 4
)

// Sample is a text of a log and where it is from.
type Sample struct {
	Body    string
	Level   record.Level
	Service string
	Time    time.Time
}

// Tally is what a pattern has been found in.
type Tally struct {
	Pattern Pattern
	// Times are those of the samples, in the order in which they came.
	Times []time.Time
	// Levels is how many samples have a level.
	Levels map[record.Level]int
	// First and Last are the least and the greatest time.
	First, Last time.Time
	// Services are the first four services, Examples the first ten samples with
	// different bodies, which are cut and have single spaces as patterns have.
	Services []string
	Examples []Sample
}

// Count is how many samples have the pattern.
func (t *Tally) Count() int { return len(t.Times) }

// Errors is how many of them are of the levels error and fatal.
func (t *Tally) Errors() int { return t.Levels[record.LevelError] + t.Levels[record.LevelFatal] }

// Counter counts samples by their patterns. The zero value is empty.
type Counter struct {
	tallies map[string]*Tally
	count   int
}

// Count is how many samples there are.
func (c *Counter) Count() int { return c.count }

// Add counts a sample.
func (c *Counter) Add(sample Sample) {
	c.count++
	pattern := Of(sample.Body)
	name := pattern.String()
	t := c.tallies[name]
	if t == nil {
		if c.tallies == nil {
			c.tallies = map[string]*Tally{}
		}
		t = &Tally{Pattern: pattern, Levels: map[record.Level]int{}, First: sample.Time, Last: sample.Time}
		c.tallies[name] = t
	}
	t.add(sample)
}

func (t *Tally) add(sample Sample) {
	t.Times = append(t.Times, sample.Time)
	t.Levels[sample.Level]++
	if sample.Time.Before(t.First) {
		t.First = sample.Time
	}
	if sample.Time.After(t.Last) {
		t.Last = sample.Time
	}
	if len(t.Services) < maxServices && !slices.Contains(t.Services, sample.Service) {
		t.Services = append(t.Services, sample.Service)
	}
	if len(t.Examples) < maxExamples {
		sample.Body, _ = prepare(sample.Body)
		isSame := func(other Sample) bool { return other.Body == sample.Body }
		if !slices.ContainsFunc(t.Examples, isSame) {
			t.Examples = append(t.Examples, sample)
		}
	}
}

// Tallies returns the tallies by pattern.
func (c *Counter) Tallies() map[string]*Tally { return c.tallies }

// Ranked returns the tallies, the most frequent first and equally frequent ones by
// pattern.
func (c *Counter) Ranked() []*Tally {
	ranked := make([]*Tally, 0, len(c.tallies))
	for _, t := range c.tallies {
		ranked = append(ranked, t)
	}
	slices.SortFunc(ranked, func(a, b *Tally) int {
		return cmp.Or(cmp.Compare(b.Count(), a.Count()), strings.Compare(a.Pattern.String(), b.Pattern.String()))
	})
	return ranked
}
