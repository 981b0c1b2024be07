package evaluation_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// reader reads the records of a world, unless that is to fail.
type reader struct {
	logstore.Reader

	failing error
	reads   int
}

func (r *reader) Search(ctx context.Context, query logstore.Query) ([]record.Record, error) {
	if r.reads++; r.failing != nil {
		return nil, r.failing
	}
	return r.Reader.Search(ctx, query)
}

// Many alerts that are not tagged for yet have the counts that each has by itself, whether
// the records are read for all of them or not.
func TestManyUntaggedAlerts(t *testing.T) {
	const alerts, few, many = 40, 200, 1500
	for name, tt := range map[string]struct {
		records int
		failing error
		// isRead says whether the records are read for all at once.
		isRead bool
	}{
		"few records":  {few, nil, true},
		"many records": {many, nil, false},
		"failing":      {few, errors.New("no reads"), false},
		"none":         {0, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, rand.New(rand.NewPCG(3, 4))) //nolint:gosec // to be repeatable
			w.isTagging = true
			reads := &reader{Reader: w.records, failing: tt.failing}
			w.reader = reads
			w.start(0)
			var made []alertstore.Alert
			for i := range alerts {
				settings := moreThan(int64(i / 4))
				settings.Filters = json.RawMessage(fmt.Sprintf(`{"serviceNames":["a","s%d"]}`, i%8))
				settings.WindowMinutes = []int{5, 10}[i%2]
				made = append(made, w.create(settings))
			}
			for i := range tt.records {
				w.receive([]string{"a", "b", "s1", "s2"}[w.random.IntN(4)], time.Duration(i)*12*time.Minute/time.Duration(tt.records)+time.Second)
			}
			w.queries = 0
			require.NoError(t, w.replicas[0].Check(t.Context()))
			if tt.isRead {
				assert.Equal(t, 1, w.queries, "how many records there are")
			} else {
				assert.Equal(t, 1+alerts, w.queries)
			}
			assert.Equal(t, tt.records != many, reads.reads > 0)
			for _, a := range made {
				count := w.countNow(t, a)
				state := w.get(a).State.Name
				assert.Equal(t, count > a.ThresholdCount, state == alert.Firing, "%d of %d", count, a.ThresholdCount)
				if state == alert.Firing {
					assert.Equal(t, count, *w.newest(a).Count)
				}
			}
		})
	}
}

// countNow counts the records of the newest window of an alert.
func (w *world) countNow(t *testing.T, a alertstore.Alert) (count int64) {
	t.Helper()
	var filters struct{ ServiceNames []string }
	require.NoError(t, json.Unmarshal(a.Filters, &filters))
	from := w.now.Add(-time.Duration(a.WindowMinutes) * time.Minute)
	for _, r := range w.all {
		service, _ := r.Resource.Attributes().Get("service.name")
		at := r.Log.Timestamp().AsTime()
		if !at.Before(from) && at.Before(w.now) && (service.Str() == filters.ServiceNames[0] || service.Str() == filters.ServiceNames[1]) {
			count++
		}
	}
	return count
}
