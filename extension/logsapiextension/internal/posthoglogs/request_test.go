package posthoglogs_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/extension/logsapiextension/internal/posthoglogs"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/filtertest"
	"github.com/docketlog/docket/internal/logstore/logstoretest"
	"github.com/docketlog/docket/internal/record"
)

func newAPI() posthoglogs.API {
	random := rand.New(rand.NewPCG(1, 1))
	reference := logstoretest.NewReference(logstoretest.Records(random, 100)...)
	return posthoglogs.API{Reader: reference, Analyst: reference, ProjectID: logstoretest.Project, Now: filtertest.Start().Add(10 * time.Second)}
}

// Whatever is asked, the answer is JSON or an error that tells the client what is
// wrong; and all questions agree on how many records there are.
func FuzzQuestions(f *testing.F) {
	for _, query := range []string{
		`{}`, `{"dateRange":{"date_from":"-1h"},"severityLevels":["error"],"limit":3,"orderBy":"earliest"}`,
		`{"searchTerm":"a","excludeAttributes":true,"customColumns":["attributes.user.id","body.a"]}`,
		`{"facetField":"severity_text","facetSearch":"r","groupBy":"user.id","targetBuckets":7,"sparklineBreakdownBy":"service"}`,
		`{"facetAttribute":"a.b","groupBys":[{"key":"a"},{"key":"trace_id","source":"column"}],"orderGroupsBy":"last_seen"}`,
		`{"dateRange":{"date_from":"all"},"filterGroup":{"type":"OR","values":[{"key":"a","type":"log_attribute","operator":"is_set"}]}}`,
		`{"dateRange":{"date_from":"2026-11-21T10:00:00Z","date_to":"9999-01-01"},"after":"eyJ0aW1lc3RhbXAiOiIyMDI2LTExLTIxVDEwOjAwOjAxWiIsInV1aWQiOiJ4In0="}`,
		`[]`, `{"limit":-1}`, `{"liveLogsCheckpoint":"2026-11-21T10:00:01Z"}`, `{"facetResourceAttribute":"service.name","serviceNameSearch":"k"}`,
		`{"dateRange":{"date_from":"0001-01-01","date_to":"0001-01-02"}}`,
	} {
		f.Add(query)
	}
	api := newAPI()
	f.Fuzz(func(t *testing.T, query string) {
		if !json.Valid([]byte(query)) {
			return
		}
		body := posthoglogs.Body{"query": json.RawMessage(query)}
		count, countErr := api.Count(t.Context(), body)
		requireAnswer(t, count, countErr)

		ranges, err := api.CountRanges(t.Context(), body)
		requireAnswer(t, ranges, err)
		if err == nil {
			var sum int64
			for _, found := range ranges.Ranges {
				sum += found.Count
			}
			assert.Equal(t, count.Count, sum, "count-ranges")
		}
		rows, err := api.Sparkline(t.Context(), body)
		requireAnswer(t, rows, err)
		if err == nil {
			var sum int64
			for _, row := range rows {
				sum += row.Count
			}
			assert.Equal(t, count.Count, sum, "sparkline")
			assert.LessOrEqual(t, len(rows), 1000)
		}
		services, err := api.Services(t.Context(), body)
		requireAnswer(t, services, err)
		found, err := api.Patterns(t.Context(), body)
		requireAnswer(t, found, err)
		if err == nil {
			assert.Equal(t, count.Count, found.TotalCount, "patterns")
		}
		answer, err := api.Query(t.Context(), body)
		requireAnswer(t, answer, err)
		facets, err := api.FacetValues(t.Context(), body)
		requireAnswer(t, facets, err)
		groups, err := api.GroupBy(t.Context(), body)
		requireAnswer(t, groups, err)
		diff, err := api.PatternsDiff(t.Context(), body)
		requireAnswer(t, diff, err)
	})
}

func requireAnswer(t *testing.T, answer any, err error) {
	t.Helper()
	if err == nil {
		_, err := json.Marshal(answer)
		require.NoError(t, err)
		return
	}
	var request *posthoglogs.RequestError
	var parse *posthoglogs.ParseError
	var wrong *filter.Error
	require.True(t, errors.As(err, &request) || errors.As(err, &parse) || errors.As(err, &wrong), "%v", err)
	assert.NotEmpty(t, err.Error())
}

// Pages together are what one question finds, whatever is asked.
func TestPagesAreTheWhole(t *testing.T) {
	api := newAPI()
	for _, order := range []string{"latest", "earliest"} {
		whole, err := api.Query(t.Context(), posthoglogs.Body{"query": json.RawMessage(`{"orderBy":"` + order + `"}`)})
		require.NoError(t, err)
		require.Greater(t, len(whole.Results), 50)
		var got []posthoglogs.Row
		cursor := "null"
		for {
			page, err := api.Query(t.Context(), posthoglogs.Body{"query": json.RawMessage(`{"limit":7,"orderBy":"` + order + `","after":` + cursor + `}`)})
			require.NoError(t, err)
			got = append(got, page.Results...)
			if page.NextCursor == nil {
				break
			}
			cursor = `"` + *page.NextCursor + `"`
		}
		assert.Equal(t, whole.Results, got)
	}
}

// A page of large records ends before it takes too much memory, and the next goes on.
func TestPageOfLargeRecords(t *testing.T) {
	reference := &logstoretest.Reference{}
	api := posthoglogs.API{Reader: reference, Analyst: reference, ProjectID: 1, Now: filtertest.Start()}
	for range 12 {
		r := record.New()
		r.Resource.Attributes().PutInt(record.AttributeProjectID, 1)
		r.Log.SetTimestamp(pcommon.NewTimestampFromTime(filtertest.Start()))
		r.Log.Body().SetStr(strings.Repeat("x", 4<<20))
		record.Seal(r, filtertest.Start())
		require.NoError(t, reference.Apply(t.Context(), []record.Record{r}, false))
	}
	first, err := api.Query(t.Context(), posthoglogs.Body{"query": json.RawMessage(`{}`)})
	require.NoError(t, err)
	assert.Len(t, first.Results, 8)
	assert.True(t, first.HasMore)
	require.NotNil(t, first.NextCursor)
	second, err := api.Query(t.Context(), posthoglogs.Body{"query": json.RawMessage(`{"after":"` + *first.NextCursor + `"}`)})
	require.NoError(t, err)
	assert.Len(t, second.Results, 4)
	assert.False(t, second.HasMore)
	assert.NotEqual(t, first.Results[7].UUID, second.Results[0].UUID)
}
