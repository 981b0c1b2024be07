package elastic

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/logstoretest"
	"github.com/docketlog/docket/internal/logstore/tally"
	"github.com/docketlog/docket/internal/record"
)

func TestWindowsOfGroups(t *testing.T) {
	groupsAt := func(times ...pcommon.Timestamp) []exactTimes {
		var groups []exactTimes
		for _, one := range times {
			groups = append(groups, exactTimes{rough: tally.GroupCount{First: one, Last: one}})
		}
		return groups
	}
	for name, tt := range map[string]struct {
		groups []exactTimes
		most   int
		want   []timeRange
	}{
		"one":        {groupsAt(10_000), 5, []timeRange{{8_976, 11_024}}},
		"overlap":    {groupsAt(11_000, 10_000), 5, []timeRange{{8_976, 12_024}}},
		"apart":      {groupsAt(10_000, 20_000), 5, []timeRange{{8_976, 11_024}, {18_976, 21_024}}},
		"as many":    {groupsAt(10_000, 20_000), 2, []timeRange{{8_976, 11_024}, {18_976, 21_024}}},
		"too many":   {groupsAt(10_000, 20_000, 23_000), 2, []timeRange{{8_976, 11_024}, {18_976, 24_024}}},
		"equal gaps": {groupsAt(10_000, 20_000, 30_000, 40_000), 2, []timeRange{{8_976, 41_024}}},
	} {
		t.Run(name, func(t *testing.T) {
			var want []condition
			for _, one := range tt.want {
				want = append(want, isBetween(fieldTime, condition{"gte": timeNumber(one.from), "lte": timeNumber(one.to)}))
			}
			assert.Equal(t, want, windowsOf(tt.groups, tt.most))
		})
	}
}

// Thousands of groups have the same exact times as by reading all records, whether they
// are by attributes of few combinations, by ones of many, or by fields of the record.
func TestTimesOfManyGroups(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		var records []record.Record
		for n := range 4000 {
			r := newTestRecord(fmt.Sprint(n))
			// Differences that are far too small for a float64, and times that are the same.
			r.Log.SetTimestamp(r.Log.Timestamp() + pcommon.Timestamp(n%7*100+n/7%3*3_600_000_000_000))
			r.Resource.Attributes().PutStr(record.AttributeServiceName, fmt.Sprint("service ", n%1300))
			r.Log.Attributes().PutInt("user", int64(n%2100))
			if n%11 > 0 {
				r.Log.Attributes().PutStr("host", fmt.Sprint("host ", n%13))
			}
			if n%17 == 0 {
				r.Resource.Attributes().PutStr("host", "")
			}
			records = append(records, r)
		}
		require.NoError(t, b.Apply(t.Context(), records, false))
		require.NoError(t, b.Sync(t.Context()))
		reference := logstoretest.NewReference(records...)
		user, host := logAttribute("user"), anyAttribute("host")
		service, level := filter.Field{Place: filter.PlaceService}, filter.Field{Place: filter.PlaceLevel}
		for name, by := range map[string][]filter.Field{
			"attribute": {user}, "attributes": {user, host}, "own": {service, level}, "both": {service, host}, "the same": {host, host},
		} {
			t.Run(name, func(t *testing.T) {
				query := logstore.GroupsQuery{Selection: logstore.Selection{ProjectID: 7}, By: by, Limit: 10_000}
				want, err := reference.Groups(t.Context(), query)
				require.NoError(t, err)
				got, err := b.Groups(t.Context(), query)
				require.NoError(t, err)
				require.Equal(t, want, got)
			})
		}
	})
}
