package logstoreextension

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// What the configuration says reaches the backend.
func TestRetentionDeletesWhatIsPastItsAge(t *testing.T) {
	config := configIn(t.TempDir())
	config.Retention = RetentionConfig{Age: 48 * time.Hour, Projects: []ProjectRetentionConfig{{ID: 2}}}
	require.NoError(t, config.Retention.Validate())
	s := newStore(config, nopSettings())
	require.NoError(t, s.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, s.Shutdown(context.Background())) })
	for _, projectID := range []int64{1, 2} {
		for _, age := range []time.Duration{0, 100 * time.Hour} {
			logs := sealed(1)
			for r := range record.All(logs) {
				r.Resource.Attributes().PutInt(record.AttributeProjectID, projectID)
				r.Log.SetTimestamp(pcommon.NewTimestampFromTime(time.Now().Add(-age)))
				record.Reseal(r)
			}
			require.NoError(t, s.LogStore().Append(t.Context(), logs))
		}
	}
	count := func(projectID int64) int64 {
		count, err := s.LogStore().Count(t.Context(), logstore.Query{ProjectID: projectID})
		require.NoError(t, err)
		return count
	}
	require.Eventually(t, func() bool { return count(1) == 2 && count(2) == 2 }, 2*time.Second, 10*time.Millisecond)

	require.NoError(t, s.keeper.RunOnce(t.Context()))
	assert.EqualValues(t, 1, count(1), "the old record is gone")
	assert.EqualValues(t, 2, count(2), "this project keeps its records for ever")
}
