package elastic

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
)

func TestBulkLimit(t *testing.T) {
	l := newBulkLimit(8 << 20)
	l.taken()
	assert.Equal(t, 8<<20, l.get())
	l.shrink()
	assert.Equal(t, 4<<20, l.get())
	for range 20 {
		l.shrink()
	}
	assert.Equal(t, minBulkBytes, l.get())
	l.taken()
	assert.Equal(t, 2*minBulkBytes, l.get())
	l.tooLarge(6 << 20)
	for range 20 {
		l.taken()
	}
	assert.Equal(t, 3<<20, l.get())
	l.tooLarge(1000)
	assert.Equal(t, minBulkBytes, l.get())
	small := newBulkLimit(1000)
	small.shrink()
	small.tooLarge(10)
	assert.Equal(t, 1000, small.get(), "not more than was asked for")
}

func TestRequestsBecomeSmaller(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b, faults := newFaulty(t, server)
		faults.set(breaking, breaking, none)
		require.NoError(t, b.Apply(t.Context(), testRecords("a", 4), false))
		assert.Equal(t, DefaultMaxBulkBytes/2, b.limit.get(), "halved twice, and doubled")
		faults.set(answering(http.StatusRequestEntityTooLarge), none)
		require.NoError(t, b.Apply(t.Context(), testRecords("b", 4), false))
		assert.Equal(t, minBulkBytes, b.limit.get())
		faults.set(answering(http.StatusServiceUnavailable), none)
		require.NoError(t, b.Apply(t.Context(), testRecords("c", 4), false))
		assert.Equal(t, minBulkBytes, b.limit.get())
	})
}
