package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/tally"
)

const (
	// roughness is more than the distance between a fieldTime and the nearest float64.
	roughness = 1024
	// groupsAtOnce is for how many groups exact times are asked for at once. Each takes two
	// clauses, of 1024 that a query may have with those of the plan.
	groupsAtOnce = 50
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
	for len(inCluster) > 0 {
		size := min(groupsAtOnce, len(inCluster))
		if err := g.askTimes(ctx, inCluster[:size]); err != nil {
			return err
		}
		inCluster = inCluster[size:]
	}
	return nil
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
	e.group.First, e.group.Last = timeOf(first), timeOf(last)
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
// what is cut in them. A field without a value has the empty text.
func haveTexts(fields []filter.Field, texts []string) condition {
	all := matchAll()
	for i, field := range fields {
		one := leafBounds(filter.Equal{Field: field, Values: texts[i : i+1]}).upper
		if texts[i] == "" {
			one = or(one, not(leafBounds(filter.Exists{Field: field}).upper))
		}
		all = and(all, one)
	}
	return all
}

// hitByTime asks for the first document of an order by time.
func hitByTime(direction string) aggregations {
	return aggregations{"top_hits": aggregations{
		"size": 1, "_source": false, "sort": []any{map[string]any{fieldTime: direction}},
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
