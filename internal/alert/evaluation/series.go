package evaluation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// Records is what counts records: a logstore.Analyst.
type Records interface {
	Histogram(ctx context.Context, query logstore.HistogramQuery) ([]logstore.Bucket, error)
}

// frame is a time cut into steps, so that windows begin and end where steps do.
type frame struct {
	from  time.Time
	step  time.Duration
	steps int
}

// frameOf returns the frame with the longest steps for some windows, at least one.
func frameOf(windows []alert.Span) frame {
	from, to := windows[0].From, windows[0].To
	for _, window := range windows {
		if window.From.Before(from) {
			from = window.From
		}
		if window.To.After(to) {
			to = window.To
		}
	}
	step := to.Sub(from)
	for _, window := range windows {
		step = divisor(divisor(step, window.From.Sub(from)), window.To.Sub(from))
	}
	return frame{from: from, step: step, steps: int(to.Sub(from) / step)}
}

// divisor returns the greatest common divisor; 0 is divided by everything.
func divisor(a, b time.Duration) time.Duration {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// query returns the histogram of the frame.
func (f frame) query(projectID int64, selected filter.Expression) logstore.HistogramQuery {
	return logstore.HistogramQuery{
		Selection: logstore.Selection{
			ProjectID: projectID, From: f.from, To: f.from.Add(f.step*time.Duration(f.steps) - 1), Filter: selected,
		},
		Interval: f.step, Offset: time.Duration(f.from.UnixNano() % int64(f.step)),
	}
}

// series has how many records there were before each step of a frame.
type series struct {
	frame

	before []int64
}

// newSeries returns a series of the counts of steps.
func newSeries(f frame, counts []int64) series {
	before := make([]int64, f.steps+1)
	for i, count := range counts {
		before[i+1] = before[i] + count
	}
	return series{f, before}
}

// count returns how many records a window has that begins and ends where steps do.
func (s series) count(window alert.Span) int64 {
	if s.before == nil {
		return 0
	}
	return s.before[window.To.Sub(s.from)/s.step] - s.before[window.From.Sub(s.from)/s.step]
}

// countAll returns how many records each of some windows has.
func (s series) countAll(windows []alert.Span) []int64 {
	counts := make([]int64, len(windows))
	for k, window := range windows {
		counts[k] = s.count(window)
	}
	return counts
}

func (f frame) place(start time.Time) (int, bool) {
	place := int(start.Sub(f.from) / f.step)
	return place, place >= 0 && place < f.steps
}

// countFilter counts the records that a filter selects.
func countFilter(ctx context.Context, records Records, projectID int64, f frame, selected filter.Expression) (series, error) {
	buckets, err := records.Histogram(ctx, f.query(projectID, selected))
	if err != nil {
		return series{}, err
	}
	counts := make([]int64, f.steps)
	for _, bucket := range buckets {
		if place, ok := f.place(bucket.Start); ok {
			counts[place] += bucket.Count
		}
	}
	return newSeries(f, counts), nil
}

// texts are the records of the texts of a field in the steps of a frame, in the order of
// time.
type texts []logstore.Bucket

// countTexts counts the records that a filter selects by the texts of a field. Those
// without a value are left out.
func countTexts(
	ctx context.Context, records Records, projectID int64, f frame, selected filter.Expression, by filter.Field,
) (texts, error) {
	query := f.query(projectID, selected)
	query.By = &by
	buckets, err := records.Histogram(ctx, query)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(buckets, func(b logstore.Bucket) bool { return b.Text == "" }), nil
}

// in returns how many records each of some windows has, by text, of those that any has
// records of. The newest window is the first.
func (t texts) in(windows []alert.Span) map[string][]int64 {
	newest, oldest := windows[0], windows[len(windows)-1]
	from, _ := slices.BinarySearchFunc(t, oldest.From, func(b logstore.Bucket, at time.Time) int { return b.Start.Compare(at) })
	counts := map[string][]int64{}
	for _, bucket := range t[from:] {
		if !bucket.Start.Before(newest.To) {
			break
		}
		for k, window := range windows {
			if bucket.Start.Before(window.From) || !bucket.Start.Before(window.To) {
				continue
			}
			of, ok := counts[bucket.Text]
			if !ok {
				of = make([]int64, len(windows))
				counts[bucket.Text] = of
			}
			of[k] += bucket.Count
		}
	}
	return counts
}

// countTags counts the records of a project by their tags.
func countTags(ctx context.Context, records Records, projectID int64, f frame) (map[string]series, error) {
	c := tagCounter{records: records, projectID: projectID, frame: f, counts: map[string][]int64{}, names: map[string][]string{}}
	if err := c.add(ctx, 0, f.steps); err != nil {
		return nil, err
	}
	all := make(map[string]series, len(c.counts))
	for name, of := range c.counts {
		all[name] = newSeries(f, of)
	}
	return all, nil
}

// tagCounter counts records by their tags.
type tagCounter struct {
	frame

	records   Records
	projectID int64
	// counts has those of each step by tag.
	counts map[string][]int64
	// names are the tags of a text, of which there are few: records that match the same
	// alerts have the same.
	names map[string][]string
}

// add counts the records of some steps. What is too expensive at once, as it is when each
// of many alerts matches something in each step, is counted in halves.
func (c *tagCounter) add(ctx context.Context, first, steps int) error {
	part := frame{from: c.from.Add(c.step * time.Duration(first)), step: c.step, steps: steps}
	tags := filter.Field{Place: filter.PlaceLogAttribute, Key: record.AttributeAlertMatches}
	query := part.query(c.projectID, filter.Exists{Field: tags})
	query.By = &tags
	buckets, err := c.records.Histogram(ctx, query)
	if _, isExpensive := errors.AsType[*logstore.TooExpensiveError](err); isExpensive && steps > 1 {
		if err := c.add(ctx, first, steps/2); err != nil {
			return err
		}
		return c.add(ctx, first+steps/2, steps-steps/2)
	}
	if err != nil {
		return err
	}
	for _, bucket := range buckets {
		if err := c.addBucket(bucket); err != nil {
			return err
		}
	}
	return nil
}

func (c *tagCounter) addBucket(bucket logstore.Bucket) error {
	place, ok := c.place(bucket.Start)
	if !ok {
		return nil
	}
	names, ok := c.names[bucket.Text]
	if !ok {
		if err := json.Unmarshal([]byte(bucket.Text), &names); err != nil {
			return fmt.Errorf("the attribute %s is no list of tags: %w", record.AttributeAlertMatches, err)
		}
		c.names[bucket.Text] = names
	}
	for _, name := range names {
		of, ok := c.counts[name]
		if !ok {
			of = make([]int64, c.steps)
			c.counts[name] = of
		}
		of[place] += bucket.Count
	}
	return nil
}
