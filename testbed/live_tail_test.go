package testbed

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/client"
)

// tailedRow is what these tests read of a row.
type tailedRow struct {
	UUID string `json:"uuid"`
	Body string `json:"body"`
}

// tailedWithin only bounds a hanging test.
const tailedWithin = 30 * time.Second

// follow starts a live tail; the returned function reads its next record.
func follow(t *testing.T, c *client.Client, parameters string) (next func() tailedRow) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), tailedWithin)
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet,
		"http://"+c.Endpoints.API+"/api/projects/1/logs/tail?"+parameters, nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+c.Key)
	transport := &http.Transport{}
	response, err := transport.RoundTrip(request)
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = response.Body.Close()
		transport.CloseIdleConnections()
	})
	require.Equal(t, http.StatusOK, response.StatusCode)
	lines := bufio.NewScanner(response.Body)
	return func() (row tailedRow) {
		t.Helper()
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				require.NoError(t, json.Unmarshal([]byte(data), &row))
				require.NotEmpty(t, row.UUID, data)
				return row
			}
		}
		require.Fail(t, "the tail has ended")
		return row
	}
}

// Whoever starts to follow while records come gets each of them once, from the oldest of
// the backlog on.
func TestLiveTailHasNoGapAndNoRepetition(t *testing.T) {
	onEachBackend(t, testLiveTailHasNoGapAndNoRepetition)
}

func testLiveTailHasNoGapAndNoRepetition(t *testing.T, b *backend) {
	t.Helper()
	_, c := b.start(t)
	const total = 400
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for n := range total {
			response, err := c.CodeMash(t.Context(), "v1", "1", fmt.Sprintf(`{"message":"number %d."}`, n))
			if !assert.NoError(t, err) || !assert.Equal(t, http.StatusOK, response.Status, response) {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	var tails []func() tailedRow
	for range 5 {
		time.Sleep(150 * time.Millisecond)
		tails = append(tails, follow(t, c, "backlog=20&q=number"))
	}
	<-sent
	for _, next := range tails {
		seen, first := map[int]bool{}, total
		for len(seen) == 0 || len(seen) < total-first {
			var number int
			_, err := fmt.Sscanf(next().Body, "number %d.", &number)
			require.NoError(t, err)
			require.False(t, seen[number], "%d came twice", number)
			seen[number] = true
			first = min(first, number)
		}
	}
}

// A record is followed, read by its id and its hash, and shown between its neighbours.
func TestContextOfATailedRecord(t *testing.T) { onEachBackend(t, testContextOfATailedRecord) }

func testContextOfATailedRecord(t *testing.T, b *backend) {
	t.Helper()
	_, c := b.start(t)
	next := follow(t, c, "")
	var rows []tailedRow
	for n := range 5 {
		response, err := c.CodeMash(t.Context(), "v1", "1", fmt.Sprintf(`{"message":"number %d"}`, n))
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.Status, response)
		rows = append(rows, next())
		assert.Equal(t, fmt.Sprintf("number %d", n), rows[n].Body)
	}
	hash := find(t, c, searchFor("number"), len(rows))[0].Hash() // they need not become findable in their order
	for _, name := range []string{rows[4].UUID, hash} {
		response, err := c.Get(t.Context(), "/api/projects/1/logs/"+name)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.Status, response)
		var answer struct {
			Record struct {
				UUID     string `json:"uuid"`
				Hash     string `json:"hash"`
				Verified bool   `json:"verified"`
			} `json:"record"`
		}
		require.NoError(t, json.Unmarshal(response.Body, &answer))
		assert.Equal(t, rows[4].UUID, answer.Record.UUID)
		assert.Equal(t, hash, answer.Record.Hash)
		assert.True(t, answer.Record.Verified)
	}

	response, err := c.Get(t.Context(), "/api/projects/1/logs/"+rows[2].UUID+"/context?before=1&after=5")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.Status, response)
	var around struct {
		Before []tailedRow `json:"before"`
		Record tailedRow   `json:"record"`
		After  []tailedRow `json:"after"`
	}
	require.NoError(t, json.Unmarshal(response.Body, &around))
	assert.Equal(t, rows[1:2], around.Before)
	assert.Equal(t, rows[2], around.Record)
	assert.Equal(t, rows[3:], around.After)
}
