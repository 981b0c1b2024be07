package testbed

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/client"
)

// answeredEvent is an event as LogHub's GET /v1/events answers it.
type answeredEvent struct {
	Code   string `json:"code"`
	Status string `json:"status"`
	Data   struct {
		ID         string          `json:"id"`
		Actor      json.RawMessage `json:"actor"`
		Action     string          `json:"action"`
		Metadata   json.RawMessage `json:"metadata"`
		Extra      map[string]any  `json:"extra"`
		ProjectID  int64           `json:"project_id"`
		ExternalID string          `json:"external_id"`
		CreatedAt  time.Time       `json:"createdAt"`
		UpdatedAt  time.Time       `json:"updatedAt"`
	} `json:"data"`
}

// getEvents reads a page of events as LogHub's clients do.
func getEvents(ctx context.Context, t *testing.T, c *client.Client, organization, query string) client.Response {
	t.Helper()
	response, err := c.Do(ctx, http.MethodGet, "http://"+c.Endpoints.API+"/v1/events/"+query, "",
		"token", c.Key, "organization", organization)
	require.NoError(t, err)
	return response
}

// awaitEvents reads events until there are so many.
func awaitEvents(t *testing.T, c *client.Client, query string, count int) []answeredEvent {
	t.Helper()
	for posted := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		asked := time.Now()
		response := getEvents(t.Context(), t, c, "default", query)
		require.Equal(t, http.StatusOK, response.Status, response)
		var events []answeredEvent
		require.NoError(t, response.Decode(&events))
		require.LessOrEqual(t, len(events), count, response)
		if len(events) == count {
			return events
		}
		require.Less(t, asked.Sub(posted), patience(c), "only %d of %d events were found in time", len(events), count)
	}
}

// What is posted in LogHub's format is read back in it, part by part.
func TestLogHubEventsAreReadAsTheyWerePosted(t *testing.T) {
	onEachBackend(t, testLogHubEventsAreReadAsTheyWerePosted)
}

func testLogHubEventsAreReadAsTheyWerePosted(t *testing.T, b *backend) {
	t.Helper()
	_, c := b.start(t)
	type posted struct{ body, actor, metadata string }
	events := []posted{
		{
			body: `{"actor":{"type":"user","data":{"name":"Jonathan Wick","email":"jw@example.com","internal_id":"1"}},
				"action":"api.testing.tres","metadata":{"old":{"theme":"dark"},"new":{"theme":"light","list":[1,"a",null]},"key":"value"},
				"tags":["production","..."],"external_id":"1","context":{"location":"190.0.0.12","user_agent":"Chrome...","page":"/x"}}`,
			actor:    `{"type":"user","data":{"name":"Jonathan Wick","email":"jw@example.com","internal_id":"1"}}`,
			metadata: `{"old":{"theme":"dark"},"new":{"theme":"light","list":[1,"a",null]},"key":"value"}`,
		},
		{
			body: `{"actor":{"type":"system","data":{"description":"Cron update prices","host":"a"},"zone":2},
				"action":"prices.updated","metadata":{},"external_id":1,"context":{},"message":"Prices updated"}`,
			actor:    `{"type":"system","description":"Cron update prices","zone":2,"data":{"host":"a"}}`,
			metadata: `{}`,
		},
		{
			body: `{"actor":{"type":"user","data":{"internal_id":7}},"action":"other.workspace","metadata":{},
				"external_id":"2","context":{}}`,
			actor: `{"type":"user","data":{"internal_id":"7"}}`, metadata: `{}`,
		},
	}
	for _, event := range events {
		response, err := c.LogHub(t.Context(), "default", event.body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.Status, response)
	}
	response, err := c.CodeMash(t.Context(), "v1", "1", `{"message":"no event"}`)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.Status, response)

	found := awaitEvents(t, c, "?order=asc&limit=5&page=0", 3)
	for n, event := range found {
		assert.Equal(t, "GET_EVENT_DETAIL_READY", event.Code)
		assert.Equal(t, "ok", event.Status)
		assert.JSONEq(t, events[n].actor, string(event.Data.Actor))
		assert.JSONEq(t, events[n].metadata, string(event.Data.Metadata))
		assert.EqualValues(t, 1, event.Data.ProjectID)
		assert.WithinDuration(t, time.Now(), event.Data.CreatedAt, 10*time.Second)
		assert.Equal(t, event.Data.CreatedAt, event.Data.UpdatedAt)
	}
	first, second := found[0].Data, found[1].Data
	assert.Equal(t, "api.testing.tres", first.Action)
	assert.Equal(t, "1", first.ExternalID)
	assert.Equal(t, map[string]any{
		"ip": "190.0.0.12", "user_agent": "Chrome...", "page": "/x", "tags": []any{"production", "..."},
	}, first.Extra)
	assert.Equal(t, "1", second.ExternalID, "a number")
	assert.Equal(t, "Prices updated", second.Extra["message"])
	assert.Equal(t, "127.0.0.1", second.Extra["ip"], "who sent it")

	assert.Len(t, awaitEvents(t, c, "?external_id=1", 2), 2)
	newest := awaitEvents(t, c, "?external_id=2", 1)[0].Data
	assert.Equal(t, "other.workspace", newest.Action)
	assert.Empty(t, awaitEvents(t, c, "?page=1&limit=5", 0))

	// The record can be read by its id, and its hash is right.
	response, err = c.Get(t.Context(), "/api/projects/1/logs/"+first.ID)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.Status, response)
	assert.Contains(t, string(response.Body), `"verified":true`)
}

func TestLogHubEventsNeedTheirOrganization(t *testing.T) {
	onEachBackend(t, testLogHubEventsNeedTheirOrganization)
}

func testLogHubEventsNeedTheirOrganization(t *testing.T, b *backend) {
	t.Helper()
	docket, c := b.start(t)
	key, err := c.CreateKey(t.Context(), "reader", []string{"logs:read"}, 1)
	require.NoError(t, err)
	reader := newClient(t, docket, key.Value)
	assert.Equal(t, http.StatusOK, getEvents(t.Context(), t, reader, "default", "").Status)
	assert.Equal(t, http.StatusForbidden, getEvents(t.Context(), t, reader, "another", "").Status)
	assert.Equal(t, http.StatusUnauthorized, getEvents(t.Context(), t, reader, "", "").Status)
	assert.Equal(t, http.StatusUnauthorized, getEvents(t.Context(), t, newClient(t, docket, "nobody"), "default", "").Status)
}
