package elastic

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
)

// countedAnswer answers as a cluster that has counted ten records, each of which has the
// log attribute host, a or b=c, or the resource attribute host, a.
func countedAnswer(request *http.Request) (int, string) {
	asked := bodyOf(request)
	answer := func(aggregations string) (int, string) {
		return http.StatusOK, `{"pit_id":"the next point","_shards":{"failed":0},"hits":{"total":{"value":10},"hits":[]},"aggregations":` + aggregations + `}`
	}
	exact := `{"buckets":[{"key":-7428116836731319019}]}`
	numbers := `"first_time":` + exact + `,"last_time":` + exact + `,"doc_count":2,"errors":{"doc_count":1},"body_bytes":{"value":20},"first":{"value":-7.428116836731319E18},"last":{"value":-7.428116836731319E18}`
	cells := `"log":{"texts":{"buckets":[{"key":"attributes.host=a",` + numbers + `}]}},` +
		`"resource":{"texts":{"buckets":[{"key":"resource.host=a",` + numbers + `}]}},"none":{"doc_count":0}`
	switch {
	case strings.Contains(asked, `"composite"`) && strings.Contains(asked, `"log"`):
		return answer(`{"pages":{"buckets":[{"key":{"start":1795255200000,"field0":"error"},"doc_count":4,` + cells + `}]}}`)
	case strings.Contains(asked, `"composite"`):
		return answer(`{"pages":{"buckets":[{"key":{"start":1795255200000,"field0":"api","field1":"error"},` + numbers + `}]}}`)
	case strings.Contains(asked, `"attributes\\.host=.*"`):
		return answer(`{"texts":{"buckets":[{"key":"attributes.host=a","doc_count":4},{"key":"attributes.host=b=c","doc_count":2}]}}`)
	case strings.Contains(asked, `"resource\\.host=.*"`):
		return answer(`{"texts":{"buckets":[{"key":"resource.host=a","doc_count":2}]}}`)
	case strings.Contains(asked, `"field":"keys"`):
		return answer(`{"texts":{"buckets":[{"key":"attributes.host","doc_count":6}]}}`)
	case strings.Contains(asked, `"log"`):
		return answer(`{` + cells + `}`)
	default:
		return undecidedAnswer(request)
	}
}

func bodyOf(request *http.Request) string {
	if request.Body == nil {
		return ""
	}
	body, _ := io.ReadAll(request.Body)
	return string(body)
}

// The requests are compared with those in testdata/requests, which are written when
// DOCKET_UPDATE_GOLDEN is set.
func TestRequestsThatCount(t *testing.T) {
	moment := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	all := logstore.Selection{ProjectID: 7, From: moment, To: moment.Add(time.Hour)}
	some := all
	some.Filter = filter.Levels{"error"}
	host, level := anyAttribute("host"), filter.Field{Place: filter.PlaceLevel}
	for name, ask := range map[string]func(t *testing.T, b *Backend){
		"histogram": func(t *testing.T, b *Backend) {
			t.Helper()
			buckets, err := b.Histogram(t.Context(), logstore.HistogramQuery{Selection: some, Interval: time.Minute, Offset: -time.Second, WithBodyBytes: true})
			require.NoError(t, err)
			assert.Len(t, buckets, 1)
		},
		"histogram_by_attribute": func(t *testing.T, b *Backend) {
			t.Helper()
			buckets, err := b.Histogram(t.Context(), logstore.HistogramQuery{Selection: all, Interval: time.Minute, By: &host, WithBodyBytes: true})
			require.NoError(t, err)
			assert.Equal(t, []logstore.Bucket{{Start: moment, Text: "a", Count: 4, BodyBytes: 40}}, buckets)
		},
		"values_of_level": func(t *testing.T, b *Backend) {
			t.Helper()
			_, _, err := b.Values(t.Context(), logstore.ValuesQuery{Selection: all, Field: level, Contains: "R", Limit: 1})
			require.NoError(t, err)
		},
		"values_of_attribute": func(t *testing.T, b *Backend) {
			t.Helper()
			values, total, err := b.Values(t.Context(), logstore.ValuesQuery{Selection: all, Field: host, Limit: 1})
			require.NoError(t, err)
			assert.Equal(t, []logstore.ValueCount{{Text: "a", Count: 6}}, values)
			assert.Equal(t, 2, total)
		},
		"keys": func(t *testing.T, b *Backend) {
			t.Helper()
			keys, _, err := b.Keys(t.Context(), logstore.KeysQuery{Selection: all, Place: filter.PlaceLogAttribute, Limit: 5})
			require.NoError(t, err)
			assert.Equal(t, []logstore.KeyCount{{Key: "host", Count: 6}}, keys)
		},
		"groups": func(t *testing.T, b *Backend) {
			t.Helper()
			groups, err := b.Groups(t.Context(), logstore.GroupsQuery{Selection: some, By: []filter.Field{{Place: filter.PlaceService}, level}, Limit: 5})
			require.NoError(t, err)
			exact := moment.Add(123456789)
			assert.Equal(t, []logstore.Group{{Texts: []string{"api", "error"}, Count: 2, Errors: 1, First: exact, Last: exact}}, groups.Groups)
		},
		"groups_by_attribute": func(t *testing.T, b *Backend) {
			t.Helper()
			groups, err := b.Groups(t.Context(), logstore.GroupsQuery{Selection: all, By: []filter.Field{host}, Limit: 5})
			require.NoError(t, err)
			assert.Equal(t, int64(4), groups.TotalRecords)
		},
	} {
		for _, product := range []elasticsearch.Name{elasticsearch.Elasticsearch, elasticsearch.OpenSearch} {
			t.Run(name+"/"+string(product), func(t *testing.T) {
				b, s := newScripted(t, product, countedAnswer)
				ask(t, b)
				requireGolden(t, filepath.Join("testdata", "requests", string(product), name+".txt"), s.log.String())
			})
		}
	}
}

// A cluster that does not tell all texts that it was asked for must not be believed.
func TestMissingTextsAreErrors(t *testing.T) {
	for _, wrong := range []string{`"sum_other_doc_count":1`, `"doc_count_error_upper_bound":1`} {
		b, _ := newScripted(t, elasticsearch.Elasticsearch, func(request *http.Request) (int, string) {
			status, answer := countedAnswer(request)
			return status, strings.Replace(answer, `"log":{"texts":{`, `"log":{"texts":{`+wrong+`,`, 1)
		})
		host := anyAttribute("host")
		_, err := b.Histogram(t.Context(), logstore.HistogramQuery{Selection: everything(), Interval: time.Minute, By: &host})
		require.ErrorContains(t, err, "has not counted all")
	}
}

// What would take too many requests is read.
func TestTooWideIsRead(t *testing.T) {
	b, s := newScripted(t, elasticsearch.Elasticsearch, func(request *http.Request) (int, string) {
		if !strings.Contains(bodyOf(request), `"composite"`) {
			return undecidedAnswer(request)
		}
		bucket := `{"key":{"field0":"","field1":"","field2":"","field3":"","field4":""},"doc_count":1}`
		buckets := strings.Repeat(bucket+",", maxSourceCells/logstore.MaxGroupFields-1) + bucket
		return http.StatusOK, `{"aggregations":{"pages":{"after_key":{"field0":""},"buckets":[` + buckets + `]}}}`
	})
	service := filter.Field{Place: filter.PlaceService}
	groups, err := b.Groups(t.Context(), logstore.GroupsQuery{Selection: everything(), By: []filter.Field{service, service, service, service, service}})
	require.NoError(t, err)
	assert.Empty(t, groups.TotalGroups)
	assert.Equal(t, maxBreakdownRequests, strings.Count(s.log.String(), `"composite"`))
	assert.Equal(t, 1, strings.Count(s.log.String(), `"record_protobuf"`))
}
