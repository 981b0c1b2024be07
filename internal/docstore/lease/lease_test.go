package lease_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/docstore/embedded"
	"github.com/docketlog/docket/internal/docstore/lease"
)

func open(t *testing.T) docstore.Store {
	t.Helper()
	documents, err := embedded.Open(filepath.Join(t.TempDir(), "documents.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, documents.Close()) })
	return documents
}

func TestLease(t *testing.T) {
	documents := open(t)
	start := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	now, skewed := start, start.Add(-time.Hour) // the clocks of two replicas
	one := &lease.Lease{Documents: documents, Name: "x", Holder: "one", Duration: time.Minute, Now: func() time.Time { return now }}
	two := &lease.Lease{Documents: documents, Name: "x", Holder: "two", Duration: time.Minute, Now: func() time.Time { return skewed }}
	hold := func(l *lease.Lease) bool {
		t.Helper()
		held, err := l.Hold(t.Context())
		require.NoError(t, err)
		return held
	}
	pass := func(by time.Duration) { now, skewed = now.Add(by), skewed.Add(by) }

	assert.True(t, hold(one))
	assert.False(t, hold(two))
	for range 5 { // as long as one renews it, two never gets it
		pass(50 * time.Second)
		assert.True(t, hold(one))
		assert.False(t, hold(two))
	}
	pass(time.Minute - 1)
	assert.False(t, hold(two))
	pass(1)
	assert.True(t, hold(two), "one has paused for a minute")
	assert.False(t, hold(one), "and has lost it")

	require.NoError(t, one.Release(t.Context()), "what it has not it cannot release")
	assert.False(t, hold(one))
	require.NoError(t, two.Release(t.Context()))
	assert.True(t, hold(one), "at once")
}

func TestOneOfManyHolds(t *testing.T) {
	documents := open(t)
	var holders atomic.Int64
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			l := &lease.Lease{Documents: documents, Name: "x", Holder: fmt.Sprint(i), Duration: time.Hour, Now: time.Now}
			held, err := l.Hold(t.Context())
			if assert.NoError(t, err) && held { //nolint:testifylint // require must not be used beside the test
				holders.Add(1)
			}
		})
	}
	group.Wait()
	assert.Equal(t, int64(1), holders.Load())
}
