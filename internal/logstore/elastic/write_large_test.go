package elastic

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/internal/record"
)

// largeRecord returns a record whose document has at least so many bytes.
func largeRecord(id string, size int) record.Record {
	r := newTestRecord(id)
	r.Log.Body().SetStr(strings.Repeat("x", size))
	return r
}

func TestDocumentsHaveALargestSize(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server, func(c *Config) { c.MaxDocumentBytes = 10_000 })
		records := []record.Record{newTestRecord("a"), largeRecord("b", 20_000), largeRecord("c", 3_000)}
		refusals := refusalsOf(t, b.Apply(t.Context(), records, false))
		require.Len(t, refusals, 1)
		assert.Equal(t, 1, refusals[0].Position)
		assert.Contains(t, refusals[0].Reason, "more than the largest that is sent to the cluster, 10000")
		requireSame(t, []record.Record{records[0], records[2]}, search(t, b))
	})
}

// noRoomFor answers with status 429 to bulk requests that are larger than some bytes.
func noRoomFor(size int) fault {
	return func(request *http.Request, send http.RoundTripper) (*http.Response, error) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		request.Body = io.NopCloser(bytes.NewReader(body))
		if len(body) > size {
			return newResponse(request, http.StatusTooManyRequests, nil), nil
		}
		return send.RoundTrip(request)
	}
}

// What a cluster has no room for is tried again for a while, and then refused, so that it
// does not hold up what follows. Its neighbours are stored.
func TestPatienceWithLargeDocumentsEnds(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b, faults := newFaulty(t, server)
		now := testDay()
		b.now = func() time.Time { return now }
		faults.set(noRoomFor(3 << 20))
		large := largeRecord("large", 4<<20)
		records := []record.Record{newTestRecord("a"), large, newTestRecord("b"), largeRecord("fits", 1<<20)}
		for range 5 {
			require.Error(t, b.Apply(t.Context(), records, true))
			now = now.Add(b.patience / 10)
		}
		assert.LessOrEqual(t, b.limit.get(), 4<<20, "requests become smaller, until the document is alone")
		now = now.Add(b.patience)
		refusals := refusalsOf(t, b.Apply(t.Context(), records, true))
		require.Len(t, refusals, 1)
		assert.Equal(t, 1, refusals[0].Position)
		assert.Contains(t, refusals[0].Reason, "had no room for 10m0s")
		assert.Contains(t, refusals[0].Reason, "HTTP status 429")
		assert.Empty(t, b.overlarge)
		requireSame(t, []record.Record{records[0], records[2], records[3]}, search(t, b))

		// A cluster that is only busy is waited for, however long.
		faults.set(noRoomFor(0))
		for range 5 {
			require.Error(t, b.Apply(t.Context(), testRecords("small", 3), true))
			now = now.Add(10 * b.patience)
		}
		faults.set(none)
		require.NoError(t, b.Apply(t.Context(), []record.Record{large}, true))
	})
}
