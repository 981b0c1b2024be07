package elastic

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/tally"
	"github.com/docketlog/docket/internal/record"
)

const (
	// roughness is more than the distance between a fieldTime and the nearest float64.
	roughness = 1024
	// groupsAtOnce is for how many groups exact times are asked for at once, and timeCells
	// how many cells such a request asks for if there are many documents.
	groupsAtOnce = 1000
	timeCells    = 4000
	// maxWindows is in how many times documents are looked for at once, of 1024 clauses that
	// a query may have with those of the plan.
	maxWindows = 150
	// maxTextClauses is of how many clauses the condition of a field may be. It only spares
	// the cluster cells that are not wanted.
	maxTextClauses = 10
	// groupsOneByOne is for how many groups a request asks that names each. It takes two
	// clauses for each.
	groupsOneByOne = 50
)

// roughTimestamp returns a timestamp by a float64 near its fieldTime.
func roughTimestamp(number float64) pcommon.Timestamp {
	if number >= math.MaxInt64 {
		return timestampOfNumber(math.MaxInt64)
	}
	return timestampOfNumber(int64(number))
}

// around returns the timestamps that a rough one may stand for.
func around(rough pcommon.Timestamp) timeRange {
	times := allTimes()
	if rough > roughness {
		times.from = rough - roughness
	}
	if rough < math.MaxUint64-roughness {
		times.to = rough + roughness
	}
	return times
}

// setTimes sets the exact times of groups, from those that the cluster has counted, with
// rough times, and those that were read, with exact ones.
func (g grouping) setTimes(ctx context.Context, groups []logstore.Group, counted, read *tally.Groups) error {
	var inCluster []exactTimes
	for i := range groups {
		group := exactTimes{group: &groups[i]}
		group.read, group.isRead = read.Of(groups[i].Texts)
		if rough, ok := counted.Of(groups[i].Texts); ok {
			group.rough = rough
			inCluster = append(inCluster, group)
			continue
		}
		group.set(group.read.First, group.read.Last)
	}
	for some := range slices.Chunk(inCluster, groupsAtOnce) {
		err := g.breakDownTimes(ctx, some)
		if errors.Is(err, errTooWide) {
			err = g.askOneByOne(ctx, some)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// askOneByOne asks for the exact times of groups a few at once.
func (g grouping) askOneByOne(ctx context.Context, groups []exactTimes) error {
	for some := range slices.Chunk(groups, groupsOneByOne) {
		if err := g.askTimes(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

// breakDownTimes asks for the exact times of groups: it breaks the documents near
// the rough times down as they were to be counted, for the least and the greatest time of
// each cell. That is an errTooWide where
// several attributes have far more combinations than groups.
func (g grouping) breakDownTimes(ctx context.Context, groups []exactTimes) error {
	exact, err := tally.NewGroups(logstore.GroupsQuery{By: g.by})
	if err != nil {
		return err
	}
	documents, known := and(g.plan.certain(), or(windowsOf(groups, maxWindows)...)), make([][]string, len(g.by))
	for i, field := range g.by {
		for _, group := range groups {
			known[i] = append(known[i], group.group.Texts[i])
		}
		slices.Sort(known[i])
		known[i] = slices.Compact(known[i])
		if one := hasText(field, known[i]); one.size() <= maxTextClauses {
			documents = and(documents, one)
		}
	}
	count, err := g.at.countUpTo(ctx, documents, maxMapped+1)
	if err != nil {
		return err
	}
	most, sums := timeCells, aggregations{"first_hit": hitByTime("asc"), "last_hit": hitByTime("desc")}
	if count <= maxMapped {
		// There are no more cells than documents; and their times are few enough to be told
		// apart, which takes less than to find a document of each cell.
		most, sums = math.MaxInt32, aggregations{"first_time": firstByTime("asc"), "last_time": firstByTime("desc")}
	}
	cells := breakdown{
		at: g.at, documents: documents, fields: g.by, known: known, count: count, cells: most,
		sums: sums,
	}
	if err := cells.visit(ctx, func(_ int64, texts []string, c *cell) error {
		first, err := c.first()
		if err != nil {
			return err
		}
		last, err := c.last()
		if err != nil {
			return err
		}
		return exact.Add(texts, tally.GroupCount{Count: c.Count, First: first, Last: last})
	}); err != nil {
		return err
	}
	for _, group := range groups {
		found, ok := exact.Of(group.group.Texts)
		if !ok {
			return fmt.Errorf("the cluster has not found the group %q, which it has counted", group.group.Texts)
		}
		group.set(found.First, found.Last)
	}
	return nil
}

// windowsOf returns the conditions that documents have times near the rough first or last
// ones of groups. Where that would be too many, times that are near each other become one.
func windowsOf(groups []exactTimes, most int) []condition {
	var all []timeRange
	for _, group := range groups {
		all = append(all, around(group.rough.First), around(group.rough.Last))
	}
	slices.SortFunc(all, func(a, b timeRange) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	// Merged are the times without overlaps, and gaps the lengths between each and the next.
	var merged []timeRange
	var gaps []pcommon.Timestamp
	for _, next := range all {
		last := len(merged) - 1
		switch {
		case last < 0:
			merged = append(merged, next)
		case next.from <= merged[last].to:
			merged[last].to = max(merged[last].to, next.to)
		default:
			gaps = append(gaps, next.from-merged[last].to)
			merged = append(merged, next)
		}
	}
	var closed pcommon.Timestamp // gaps that are not longer are closed
	if len(merged) > most {
		sorted := slices.Sorted(slices.Values(gaps))
		closed = sorted[len(sorted)-most]
	}
	var windows []condition
	for i := 0; i < len(merged); {
		window := merged[i]
		for i++; i < len(merged) && gaps[i-1] <= closed; i++ {
			window.to = merged[i].to
		}
		windows = append(windows, isBetween(fieldTime, condition{"gte": timeNumber(window.from), "lte": timeNumber(window.to)}))
	}
	return windows
}

// firstByTime asks for the first time of an order.
func firstByTime(direction string) aggregations {
	return aggregations{"terms": aggregations{
		"field": fieldTime, "size": 1, "shard_size": 1, "order": map[string]any{"_key": direction},
	}}
}

// first returns the least time of the documents of a cell.
func (c *cell) first() (pcommon.Timestamp, error) {
	if len(c.FirstHit.Hits.Hits) > 0 {
		return c.FirstHit.timestamp()
	}
	return c.FirstTime.timestamp()
}

// last returns the greatest.
func (c *cell) last() (pcommon.Timestamp, error) {
	if len(c.LastHit.Hits.Hits) > 0 {
		return c.LastHit.timestamp()
	}
	return c.LastTime.timestamp()
}

// firstTime is the answer to firstByTime.
type firstTime struct {
	Buckets []struct {
		Key int64 `json:"key"`
	} `json:"buckets"`
}

func (f firstTime) timestamp() (pcommon.Timestamp, error) {
	if len(f.Buckets) != 1 {
		return 0, fmt.Errorf("the cluster has found %d times of documents that it has counted", len(f.Buckets))
	}
	return timestampOfNumber(f.Buckets[0].Key), nil
}

// exactTimes is a group whose times are asked for.
type exactTimes struct {
	group       *logstore.Group
	rough, read tally.GroupCount
	isRead      bool
}

func (e exactTimes) set(first, last pcommon.Timestamp) {
	if e.isRead {
		first, last = min(first, e.read.First), max(last, e.read.Last)
	}
	e.group.First, e.group.Last = record.TimeOf(first), record.TimeOf(last)
}

// askTimes asks for the exact times of groups: for the first and the last of each group's
// documents near the rough times, of which there are few.
func (g grouping) askTimes(ctx context.Context, groups []exactTimes) error {
	var near []condition
	conditions := map[string]condition{}
	for i, group := range groups {
		for _, rough := range []pcommon.Timestamp{group.rough.First, group.rough.Last} {
			times := around(rough)
			near = append(near, isBetween(fieldTime, condition{"gte": timeNumber(times.from), "lte": timeNumber(times.to)}))
		}
		conditions[strconv.Itoa(i)] = haveTexts(g.by, group.group.Texts)
	}
	var answer struct {
		Groups struct {
			Buckets map[string]struct {
				First extreme `json:"first"`
				Last  extreme `json:"last"`
			} `json:"buckets"`
		} `json:"groups"`
	}
	wanted := aggregations{"groups": aggregations{
		"filters": aggregations{"filters": conditions},
		"aggs":    aggregations{"first": hitByTime("asc"), "last": hitByTime("desc")},
	}}
	if _, err := g.at.aggregate(ctx, and(g.plan.certain(), or(near...)), wanted, &answer); err != nil {
		return err
	}
	for i, group := range groups {
		found := answer.Groups.Buckets[strconv.Itoa(i)]
		first, err := found.First.timestamp()
		if err != nil {
			return err
		}
		last, err := found.Last.timestamp()
		if err != nil {
			return err
		}
		group.set(first, last)
	}
	return nil
}

// haveTexts returns the condition that documents have texts in fields, exactly but for
// what is cut in them.
func haveTexts(fields []filter.Field, texts []string) condition {
	all := matchAll()
	for i, field := range fields {
		all = and(all, hasText(field, texts[i:i+1]))
	}
	return all
}

// hasText returns the condition that documents have one of some texts in a field, exactly but
// for what is cut in it. A field without a value has the empty text.
func hasText(field filter.Field, texts []string) condition {
	one := leafBounds(filter.Equal{Field: field, Values: texts}).upper
	if slices.Contains(texts, "") {
		one = or(one, not(leafBounds(filter.Exists{Field: field}).upper))
	}
	return one
}

// hitByTime asks for the first document of an order by time.
func hitByTime(direction string) aggregations {
	return aggregations{"top_hits": aggregations{
		"size": 1, "_source": false, "stored_fields": "_none_", "sort": []any{map[string]any{fieldTime: direction}},
	}}
}

// extreme is the answer to hitByTime.
type extreme struct {
	Hits struct {
		Hits []hit `json:"hits"`
	} `json:"hits"`
}

// timestamp returns the document's timestamp.
func (e extreme) timestamp() (pcommon.Timestamp, error) {
	var sort [1]int64
	if len(e.Hits.Hits) != 1 {
		return 0, fmt.Errorf("the cluster has found %d documents of a group that it has counted", len(e.Hits.Hits))
	}
	if err := json.Unmarshal(e.Hits.Hits[0].Sort, &sort); err != nil {
		return 0, fmt.Errorf("decode the time of a document: %w", err)
	}
	return timestampOfNumber(sort[0]), nil
}
