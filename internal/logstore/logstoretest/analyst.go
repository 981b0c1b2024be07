package logstoretest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// Histogram implements logstore.Analyst.
func (s *Reference) Histogram(ctx context.Context, query logstore.HistogramQuery) ([]logstore.Bucket, error) {
	if query.Interval <= 0 || query.Interval%time.Millisecond != 0 {
		return nil, fmt.Errorf("histogram: the interval %s is no whole number of milliseconds", query.Interval)
	}
	found, err := s.selected(ctx, query.Selection)
	if err != nil {
		return nil, err
	}
	type key struct {
		start time.Time
		text  string
	}
	buckets := map[key]*logstore.Bucket{}
	for _, r := range found {
		at := key{start: bucketStart(timeOf(r), query.Interval, query.Offset)}
		if query.By != nil {
			at.text = textOf(*query.By, r)
		}
		if buckets[at] == nil {
			buckets[at] = &logstore.Bucket{Start: at.start, Text: at.text}
		}
		buckets[at].Count++
		if query.WithBodyBytes {
			buckets[at].BodyBytes += int64(len(filter.Text(r.Log.Body())))
		}
	}
	var all []logstore.Bucket
	for _, bucket := range buckets {
		all = append(all, *bucket)
	}
	slices.SortFunc(all, func(a, b logstore.Bucket) int {
		return cmp.Or(a.Start.Compare(b.Start), strings.Compare(a.Text, b.Text))
	})
	return all, nil
}

// bucketStart returns the latest time that is not after t and that is offset plus a
// multiple of interval. It counts in milliseconds, since nanoseconds do not reach far
// enough.
func bucketStart(t time.Time, interval, offset time.Duration) time.Time {
	since, width := t.Add(-offset).UnixMilli(), interval.Milliseconds()
	since -= ((since % width) + width) % width
	return time.UnixMilli(since).Add(offset).UTC()
}

// textOf returns the text of a field, "" if it has no value.
func textOf(field filter.Field, r record.Record) string {
	text, _ := field.Text(r)
	return text
}

// Values implements logstore.Analyst.
func (s *Reference) Values(ctx context.Context, query logstore.ValuesQuery) ([]logstore.ValueCount, int, error) {
	found, err := s.selected(ctx, query.Selection)
	if err != nil {
		return nil, 0, err
	}
	counts := map[string]int64{}
	for _, r := range found {
		if text, ok := query.Field.Text(r); ok && contains(text, query.Contains) {
			counts[text]++
		}
	}
	var values []logstore.ValueCount
	for _, text := range byCount(counts) {
		values = append(values, logstore.ValueCount{Text: text, Count: counts[text]})
	}
	return pageOf(values, query.Limit, query.Offset), len(values), nil
}

// Keys implements logstore.Analyst.
func (s *Reference) Keys(ctx context.Context, query logstore.KeysQuery) ([]logstore.KeyCount, int, error) {
	found, err := s.selected(ctx, query.Selection)
	if err != nil {
		return nil, 0, err
	}
	counts := map[string]int64{}
	for _, r := range found {
		attributes := r.Log.Attributes()
		if query.Place == filter.PlaceResourceAttribute {
			attributes = r.Resource.Attributes()
		}
		keys := map[string]bool{} // a key counts once a record
		addKeys(keys, attributes, "")
		for key := range keys {
			if contains(key, query.Contains) {
				counts[key]++
			}
		}
	}
	var keys []logstore.KeyCount
	for _, key := range byCount(counts) {
		keys = append(keys, logstore.KeyCount{Key: key, Count: counts[key]})
	}
	return pageOf(keys, query.Limit, query.Offset), len(keys), nil
}

// addKeys adds the paths to all values that are no maps.
func addKeys(keys map[string]bool, m pcommon.Map, prefix string) {
	for key, value := range m.All() {
		if value.Type() == pcommon.ValueTypeMap {
			addKeys(keys, value.Map(), prefix+key+".")
		} else {
			keys[prefix+key] = true
		}
	}
}

// Groups implements logstore.Analyst.
func (s *Reference) Groups(ctx context.Context, query logstore.GroupsQuery) (logstore.Groups, error) {
	if len(query.By) < 1 || len(query.By) > logstore.MaxGroupFields {
		return logstore.Groups{}, fmt.Errorf("groups: by %d fields, must be 1 to %d", len(query.By), logstore.MaxGroupFields)
	}
	found, err := s.selected(ctx, query.Selection)
	if err != nil {
		return logstore.Groups{}, err
	}
	groups := map[[logstore.MaxGroupFields]string]*logstore.Group{}
	for _, r := range found {
		var texts [logstore.MaxGroupFields]string
		for i, field := range query.By {
			texts[i] = textOf(field, r)
		}
		group := groups[texts]
		if group == nil {
			group = &logstore.Group{Texts: texts[:len(query.By):len(query.By)], First: timeOf(r), Last: timeOf(r)}
			groups[texts] = group
		}
		addToGroup(group, r)
	}
	answer := logstore.Groups{TotalGroups: len(groups), TotalRecords: int64(len(found))}
	for _, group := range groups {
		answer.Groups = append(answer.Groups, *group)
	}
	slices.SortFunc(answer.Groups, func(a, b logstore.Group) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), slices.Compare(a.Texts, b.Texts))
	})
	answer.Groups = pageOf(answer.Groups, query.Limit, 0)
	return answer, nil
}

func addToGroup(group *logstore.Group, r record.Record) {
	group.Count++
	if level := record.LevelOf(r.Log.SeverityNumber()); level == record.LevelError || level == record.LevelFatal {
		group.Errors++
	}
	t := timeOf(r)
	if t.Before(group.First) {
		group.First = t
	}
	if t.After(group.Last) {
		group.Last = t
	}
}

// contains reports whether a text contains another as filter.Contains says.
func contains(text, part string) bool {
	return filter.NewFinder(filter.BodyContains(part)).In(strings.ToValidUTF8(text, "\uFFFD"))
}

// byCount returns texts, the most frequent first and equally frequent ones by text.
func byCount(counts map[string]int64) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
}

func pageOf[T any](all []T, limit, offset int) []T {
	all = all[min(offset, len(all)):]
	return all[:min(limit, len(all))]
}
