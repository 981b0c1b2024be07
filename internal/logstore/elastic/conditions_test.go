package elastic

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/filtertest"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/logstoretest"
	"github.com/docketlog/docket/internal/record"
)

// isLong reports whether tests that have a long form are to run it.
func isLong() bool { return os.Getenv("DOCKET_TEST_LONG") != "" }

// A plan must be certain of no document that it does not select, and must not be decided
// against one that it does. Here the conditions are evaluated as the products do, which
// TestConformance shows.
func TestPlansAreRight(t *testing.T) {
	pairs := 20_000
	if isLong() {
		pairs = 200_000
	}
	seed := rand.Uint64()
	t.Logf("to repeat this, use the seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	var counts [2]int // certain, undecided
	const perRound = 100
	for range pairs / perRound {
		records := logstoretest.Records(random, 10)
		lengthen(random, records)
		indexed := make([]fields, len(records))
		for i, r := range records {
			indexed[i] = fieldsOfRecord(t, r)
		}
		for range perRound / len(records) {
			selected := logstore.Selection{ProjectID: logstoretest.Project, Filter: filtertest.Expression(random, records...)}
			p, isEmpty, err := newPlan(selected)
			require.NoError(t, err)
			for i, r := range records {
				isSelected := r.ProjectID() == selected.ProjectID && filter.Matches(selected.Filter, r)
				require.False(t, isSelected && isEmpty)
				if isEmpty {
					continue
				}
				undecided, isPartial := p.undecided()
				isCertain, isUndecided := indexed[i].meet(p.certain()), isPartial && indexed[i].meet(undecided)
				explain := func() string {
					question, _ := json.Marshal(p.upper)
					return fmt.Sprintf("seed %d\nfilter %#v\nupper %s\ndocument %v", seed, filter.Normalize(selected.Filter), question, indexed[i])
				}
				if isCertain && !isSelected || isSelected && !isCertain && !isUndecided || isCertain && isUndecided ||
					indexed[i].meet(p.candidates()) != (isCertain || isUndecided) {
					require.Fail(t, "wrong", explain())
				}
				if isCertain {
					counts[0]++
				}
				if isUndecided {
					counts[1]++
				}
			}
		}
	}
	t.Logf("%d certain and %d undecided of %d", counts[0], counts[1], pairs)
	assert.Greater(t, counts[0], pairs/20)
	assert.Less(t, counts[1], pairs/5, "hardly anything is certain")
}

// lengthen makes some texts too long for the lists, or for conditions.
func lengthen(random *rand.Rand, records []record.Record) {
	long := strings.Repeat("long ", maxTermBytes/4)
	for _, r := range records {
		switch random.IntN(22) {
		case 0:
			r.Log.Body().SetStr(long)
		case 1:
			r.Log.Body().SetStr(strings.ReplaceAll(long, " ", "a"))
		case 2:
			r.Log.Attributes().PutStr("a", long)
		case 3:
			r.Resource.Attributes().PutStr(record.AttributeServiceName, long)
		case 4:
			r.Log.SetEventName(long)
		case 5:
			r.Resource.Attributes().PutStr(long, "a")
		case 6:
			r.Log.Attributes().PutEmptyMap("a").PutStr("b", long)
		case 7, 8: // keys that are too long for prefixes
			key := long[:maxPrefixBytes+random.IntN(3)]
			r.Log.Attributes().PutStr(key, "a")
			r.Resource.Attributes().PutStr(key[:maxPrefixBytes], "b")
		}
	}
}

// fields are the texts of the fields of a document that are indexed as keywords, and
// the numbers of others.
type fields map[string][]any

func fieldsOfRecord(t *testing.T, r record.Record) fields {
	t.Helper()
	d, err := newDocument(r)
	require.NoError(t, err)
	var source map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(d.source)))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&source))
	indexed := fields{}
	for name, value := range source {
		switch v := value.(type) {
		case []any:
			indexed[name] = v
		case string:
			indexed[name] = []any{v}
		case json.Number:
			number, err := v.Int64()
			require.NoError(t, err)
			indexed[name] = []any{number}
		}
	}
	return indexed
}

// meet reports whether the document meets a condition.
func (f fields) meet(c condition) bool {
	if filters, excluded, ok := c.conjunction(); ok {
		return !containsFunc(filters, func(part condition) bool { return !f.meet(part) }) && !containsFunc(excluded, f.meet)
	}
	if alternatives, ok := c.alternatives(); ok {
		return containsFunc(alternatives, f.meet)
	}
	for kind, about := range c {
		return f.meetsLeaf(kind, about.(condition))
	}
	panic("an empty condition")
}

func containsFunc[T any](all []T, is func(T) bool) bool {
	for _, one := range all {
		if is(one) {
			return true
		}
	}
	return false
}

func (f fields) meetsLeaf(kind string, about condition) bool {
	switch kind {
	case "match_all":
		return true
	case "match_none":
		return false
	case "exists":
		return len(f[about["field"].(string)]) > 0
	}
	for name, value := range about {
		return containsFunc(f[name], func(has any) bool { return meets(kind, has, value) })
	}
	panic("a condition about nothing")
}

func meets(kind string, has, value any) bool {
	switch kind {
	case "term":
		return has == value
	case "terms":
		return containsFunc(value.([]string), func(one string) bool { return has == one })
	case "prefix":
		return strings.HasPrefix(has.(string), value.(string))
	case "wildcard":
		return patternAsRegexp(value.(condition)).MatchString(has.(string))
	case "range":
		limits := value.(condition)
		for name, limit := range limits {
			if name != "format" && !isWithin(name, has, limit) {
				return false
			}
		}
		return true
	default:
		panic("an unknown condition " + kind)
	}
}

func isWithin(name string, has, limit any) bool {
	var compared int
	switch v := has.(type) {
	case int64:
		compared = int(max(-1, min(1, float64(v)-float64(limit.(int64))))) // not exact, and does not need to be
		if v == limit {
			compared = 0
		} else if compared == 0 {
			compared = 1
			if v < limit.(int64) {
				compared = -1
			}
		}
	case string:
		if t, err := time.Parse(time.RFC3339, v); err == nil && len(v) == len("2006-01-02T15:04:05.000Z") {
			return isWithin(name, t.UnixMilli(), parseMilliseconds(limit.(string)))
		}
		compared = strings.Compare(v, limit.(string))
	}
	return map[string]bool{"lt": compared < 0, "lte": compared <= 0, "gt": compared > 0, "gte": compared >= 0}[name]
}

func parseMilliseconds(text string) int64 {
	var number int64
	_, _ = fmt.Sscan(text, &number)
	return number
}

// patternAsRegexp is the meaning of a wildcard query.
func patternAsRegexp(about condition) *regexp.Regexp {
	var expression strings.Builder
	expression.WriteString("(?s)^")
	letters := []rune(about["value"].(string))
	for i := 0; i < len(letters); i++ {
		switch letter := letters[i]; letter {
		case '*':
			expression.WriteString(".*")
		case '?':
			expression.WriteString(".")
		case '\\':
			i++
			expression.WriteString(regexp.QuoteMeta(string(letters[i])))
		default:
			text := regexp.QuoteMeta(string(letter))
			if _, anyCase := about["case_insensitive"]; anyCase && letter < 128 {
				text = "(?:" + regexp.QuoteMeta(strings.ToLower(string(letter))) + "|" + regexp.QuoteMeta(strings.ToUpper(string(letter))) + ")"
			}
			expression.WriteString(text)
		}
	}
	return regexp.MustCompile(expression.String() + "$")
}
