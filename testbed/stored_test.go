package testbed

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/client"
)

// load is eight clients that post until the server is gone.
type load struct {
	acknowledged atomic.Int64
	clients      sync.WaitGroup

	mutex sync.Mutex
	// sent has the message of every request; its value is true when it was
	// acknowledged.
	sent map[string]bool
}

func startLoad(t *testing.T, c *client.Client) *load {
	t.Helper()
	l := &load{sent: map[string]bool{}}
	for number := range 8 {
		l.clients.Go(func() {
			for i := 0; l.post(t.Context(), c, fmt.Sprintf("client %d message %d", number, i)); i++ {
			}
		})
	}
	t.Cleanup(l.clients.Wait)
	return l
}

func (l *load) post(ctx context.Context, c *client.Client, message string) bool {
	response, err := c.LogSentry(ctx, `{"project": 1, "msg": "`+message+`"}`)
	acknowledged := err == nil && response.Status == http.StatusOK
	l.mutex.Lock()
	l.sent[message] = acknowledged
	l.mutex.Unlock()
	if acknowledged {
		l.acknowledged.Add(1)
	}
	return acknowledged
}

// assertLedger compares what is stored with what was sent: message to whether it
// was acknowledged.
func assertLedger(t *testing.T, c *client.Client, sent map[string]bool) {
	t.Helper()
	begin := time.Now()
	stored := countMessages(t, c)
	for len(missing(sent, stored)) > 0 && time.Since(begin) < findableWithin {
		stored = countMessages(t, c)
	}
	assert.Empty(t, missing(sent, stored), "acknowledged, but not stored")
	for message, count := range stored {
		assert.Equal(t, 1, count, "%q is stored that often", message)
		assert.Contains(t, sent, message, "nobody sent this")
	}
}

// missing returns the messages that were acknowledged and are not stored.
func missing(sent map[string]bool, stored map[string]int) []string {
	var messages []string
	for message, acknowledged := range sent {
		if acknowledged && stored[message] == 0 {
			messages = append(messages, message)
		}
	}
	return messages
}

// countMessages reads all records page by page.
func countMessages(t *testing.T, c *client.Client) map[string]int {
	t.Helper()
	times := map[string]int{}
	for offset := int64(0); ; {
		page, err := c.Search(t.Context(), url.Values{
			"limit": {"1000"}, "offset": {strconv.FormatInt(offset, 10)},
		})
		require.NoError(t, err)
		for _, log := range page.Logs {
			times[log.Message]++
		}
		if page.Pagination.NextOffset == nil {
			return times
		}
		offset = *page.Pagination.NextOffset
	}
}
