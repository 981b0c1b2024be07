package elastic

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// fault changes what becomes of a bulk request. It may send it, or not.
type fault func(request *http.Request, send http.RoundTripper) (*http.Response, error)

// faulty is a transport that does something to bulk requests: to each the next of its
// faults, and the last one to all that follow.
type faulty struct {
	send http.RoundTripper

	mutex  sync.Mutex
	faults []fault
	// sizes are the number of documents in each bulk request.
	sizes []int
}

func (f *faulty) RoundTrip(request *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(request.URL.Path, "/_bulk") {
		return f.send.RoundTrip(request)
	}
	return f.next(request)(request, f.send)
}

func (f *faulty) next(request *http.Request) fault {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	body, _ := io.ReadAll(request.Body)
	request.Body = io.NopCloser(bytes.NewReader(body))
	f.sizes = append(f.sizes, bytes.Count(body, []byte("\n"))/2)
	next := f.faults[0]
	if len(f.faults) > 1 {
		f.faults = f.faults[1:]
	}
	return next
}

// set sets the faults of the bulk requests that follow.
func (f *faulty) set(faults ...fault) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.faults, f.sizes = faults, nil
}

// newFaulty returns a backend with a transport that has no faults yet.
func newFaulty(t *testing.T, server elasticsearchtest.Server, changes ...func(*Config)) (*Backend, *faulty) {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	faults := &faulty{send: transport, faults: []fault{none}}
	client, err := elasticsearch.NewClient(elasticsearch.Config{URLs: []*url.URL{server.URL}, Transport: faults})
	require.NoError(t, err)
	b := newBackend(t, server, append(changes, func(c *Config) { c.Client = client })...)
	b.minBackoff = time.Millisecond
	return b, faults
}

// none is no fault.
func none(request *http.Request, send http.RoundTripper) (*http.Response, error) {
	return send.RoundTrip(request)
}

// answering does not send the request and answers with a status.
func answering(status int) fault {
	return func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		return newResponse(request, status, []byte(`{"error":"made up"}`)), nil
	}
}

func newResponse(request *http.Request, status int, body []byte) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}, "X-Elastic-Product": {"Elasticsearch"}},
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: request, ProtoMajor: 1, ProtoMinor: 1,
	}
}

var errConnection = errors.New("the connection is broken")

// breaking does not send the request.
func breaking(*http.Request, http.RoundTripper) (*http.Response, error) { return nil, errConnection }

// losing sends the request and loses the answer.
func losing(request *http.Request, send http.RoundTripper) (*http.Response, error) {
	response, err := send.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	_, _ = io.Copy(io.Discard, response.Body)
	return nil, errors.Join(errConnection, response.Body.Close())
}

// changing sends the request and changes the body of the answer.
func changing(change func(body []byte) []byte) fault {
	return func(request *http.Request, send http.RoundTripper) (*http.Response, error) {
		response, err := send.RoundTrip(request)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil {
			return nil, err
		}
		return newResponse(request, response.StatusCode, change(body)), nil
	}
}

// changingItems sends the request and changes what the answer says of each document.
func changingItems(change func(items []map[string]object) []map[string]object) fault {
	return changing(func(body []byte) []byte {
		var answer struct {
			Items []map[string]object `json:"items"`
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			return body
		}
		answer.Items = change(answer.Items)
		changed, err := json.Marshal(answer)
		if err != nil {
			return body
		}
		return changed
	})
}

// cutting cuts the answer in half, and its connection too.
func cutting(request *http.Request, send http.RoundTripper) (*http.Response, error) {
	response, err := send.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	half := newResponse(request, response.StatusCode, nil)
	half.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), failing{}))
	half.ContentLength = int64(len(body))
	return half, nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// itemStatus answers of the document in a place that it has a status.
func itemStatus(place, status int) fault {
	return changingItems(func(items []map[string]object) []map[string]object {
		items[place]["create"]["status"] = status
		items[place]["create"]["error"] = object{"type": "made_up_exception", "reason": "made up", "caused_by": object{"reason": "a cause"}}
		return items
	})
}

// testRecords returns records of which the ids begin with a name.
func testRecords(name string, count int) []record.Record {
	var records []record.Record
	for i := range count {
		records = append(records, newTestRecord(fmt.Sprint(name, i)))
	}
	return records
}

// Whatever happens on the way, each record is stored exactly once, at the latest when
// the batch is applied again.
func TestNothingIsLostOrDoubledOrRefused(t *testing.T) {
	repeat := func(f fault) []fault { return []fault{f} }
	swap := changingItems(func(items []map[string]object) []map[string]object {
		items[0], items[1] = items[1], items[0]
		return items
	})
	tests := map[string]struct {
		faults []fault
		// isFatal is true when Apply fails, and requests is how many it sends.
		isFatal  bool
		requests int
		outcome  Outcome
	}{
		"one broken connection":  {[]fault{breaking, none}, false, 2, OutcomeUnanswered},
		"broken connections":     {repeat(breaking), true, maxAttempts, OutcomeUnanswered},
		"lost answer":            {[]fault{losing, none}, false, 2, OutcomeUnanswered},
		"half an answer":         {[]fault{cutting, none}, false, 2, OutcomeUnanswered},
		"half answers":           {repeat(cutting), true, maxAttempts, OutcomeUnanswered},
		"half an answer, whole":  {[]fault{changing(func(body []byte) []byte { return body[:len(body)/2] }), none}, false, 2, OutcomeUnanswered},
		"empty answer":           {[]fault{changing(func([]byte) []byte { return nil }), none}, false, 2, OutcomeUnanswered},
		"another answer":         {[]fault{changing(func([]byte) []byte { return []byte(`{"items":null}`) }), none}, false, 2, OutcomeUnanswered},
		"a page":                 {repeat(changing(func([]byte) []byte { return []byte(`<html>`) })), true, maxAttempts, OutcomeUnanswered},
		"items in another order": {[]fault{swap, none}, false, 2, OutcomeUnanswered},
		"an item too few":        {[]fault{changingItems(func(items []map[string]object) []map[string]object { return items[1:] }), none}, false, 2, OutcomeUnanswered},
		"an item too many":       {[]fault{changingItems(func(items []map[string]object) []map[string]object { return append(items, items[0]) }), none}, false, 2, OutcomeUnanswered},
		"item of another index":  {[]fault{changingItems(func(items []map[string]object) []map[string]object { items[0]["create"]["_index"] = "x"; return items }), none}, false, 2, OutcomeUnanswered},
		"item of another action": {[]fault{changingItems(func(items []map[string]object) []map[string]object {
			items[0]["index"] = items[0]["create"]
			delete(items[0], "create")
			return items
		}), none}, false, 2, OutcomeUnanswered},
		"item without a status": {[]fault{changingItems(func(items []map[string]object) []map[string]object {
			delete(items[0]["create"], "status")
			return items
		}), none}, false, 2, OutcomeUnanswered},
		"too many requests":       {[]fault{answering(429), none}, false, 2, OutcomeThrottled},
		"too many requests still": {repeat(answering(429)), true, maxAttempts, OutcomeThrottled},
		"unavailable":             {[]fault{answering(503), answering(502), none}, false, 3, OutcomeFailed},
		"gateway timeout":         {repeat(answering(504)), true, maxAttempts, OutcomeFailed},
		"redirection":             {repeat(answering(302)), true, 1, OutcomeFailed},
		"wrong password":          {repeat(answering(401)), true, 1, OutcomeRejected},
		"no privilege":            {repeat(answering(403)), true, 1, OutcomeRejected},
		"wrong path":              {repeat(answering(404)), true, 1, OutcomeRejected},
		"bad request":             {repeat(answering(400)), true, 1, OutcomeRejected},
		"item throttled":          {[]fault{itemStatus(1, 429), none}, false, 2, OutcomeSuccess},
		"item throttled still":    {repeat(itemStatus(0, 429)), true, maxAttempts, OutcomeSuccess},
		"item unavailable":        {[]fault{itemStatus(2, 503), itemStatus(0, 500), none}, false, 3, OutcomeSuccess},
		"item blocked":            {repeat(itemStatus(0, 403)), true, 1, OutcomeSuccess},
		"item's index missing":    {repeat(itemStatus(0, 404)), true, 1, OutcomeSuccess},
		"item unauthorized":       {repeat(itemStatus(0, 401)), true, 1, OutcomeSuccess},
	}
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b, faults := newFaulty(t, server)
		var all []record.Record
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				faults.set(test.faults...)
				records, before := testRecords(name, 3), b.Stats()
				err := b.Apply(t.Context(), records, false)
				assert.Len(t, faults.sizes, test.requests)
				after := b.Stats()
				assert.Greater(t, after.Requests[test.outcome], before.Requests[test.outcome])
				assert.Equal(t, before.Retries+int64(test.requests-1), after.Retries)
				if test.isFatal {
					require.Error(t, err)
					var refused *logstore.RefusedError
					require.NotErrorAs(t, err, &refused)
					faults.set(none)
					err = b.Apply(t.Context(), records, true)
				}
				require.NoError(t, err)
				all = append(all, records...)
			})
		}
		requireSame(t, all, search(t, b))
		assert.Zero(t, b.Stats().Refused)
	})
}

func TestOnlyWhatIsLeftIsSentAgain(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b, faults := newFaulty(t, server)
		faults.set(itemStatus(4, 429), itemStatus(0, 400), none)
		refusals := refusalsOf(t, b.Apply(t.Context(), testRecords("", 10), false))
		assert.Equal(t, []int{10, 1}, faults.sizes)
		require.Len(t, refusals, 1)
		assert.Equal(t, 4, refusals[0].Position)
		assert.Equal(t, "the cluster answers with status 400: made_up_exception: made up: a cause", refusals[0].Reason)
		assert.Equal(t, int64(9), b.Stats().Created)
	})
}

// tooLarge answers with status 413 to bulk requests of more than some documents, and
// to those with a text.
func tooLarge(documents int, text string) fault {
	return func(request *http.Request, send http.RoundTripper) (*http.Response, error) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		request.Body = io.NopCloser(bytes.NewReader(body))
		if bytes.Count(body, []byte("\n")) > 2*documents || bytes.Contains(body, []byte(text)) {
			return newResponse(request, http.StatusRequestEntityTooLarge, nil), nil
		}
		return send.RoundTrip(request)
	}
}

func TestRequestsThatAreTooLargeAreHalved(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b, faults := newFaulty(t, server)
		faults.set(tooLarge(2, "a large one"))
		records := testRecords("", 9)
		records[6].Log.Body().SetStr("a large one")
		refusals := refusalsOf(t, b.Apply(t.Context(), records, false))
		require.Len(t, refusals, 1)
		assert.Equal(t, 6, refusals[0].Position)
		assert.Contains(t, refusals[0].Reason, "too much for the cluster")
		requireSame(t, slices.Delete(records, 6, 7), search(t, b))

		// That a half fails for a while does not refuse the other one twice.
		large := testRecords("other", 2)
		large[0].Log.Body().SetStr("a large one")
		faults.set(answering(413), tooLarge(1, "a large one"), answering(503))
		require.Error(t, b.Apply(t.Context(), large, false))
		faults.set(answering(413), tooLarge(1, "a large one"), answering(503), none)
		require.Len(t, refusalsOf(t, b.Apply(t.Context(), large, true)), 1)
	})
}

func TestErrorsTellWhatIsWrong(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b, faults := newFaulty(t, server)
		faults.set(breaking)
		require.ErrorIs(t, b.Apply(t.Context(), testRecords("", 1), false), errConnection)
		faults.set(answering(401))
		err := b.Apply(t.Context(), testRecords("", 1), false)
		require.ErrorContains(t, err, "apply: POST /_bulk: HTTP status 401")
		faults.set(itemStatus(0, 403))
		require.ErrorContains(t, b.Apply(t.Context(), testRecords("", 1), false), "takes no document now: the cluster answers with status 403")
	})
}

func TestRequestsAreBounded(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b, faults := newFaulty(t, server, func(c *Config) { c.MaxBulkBytes = 10_000 })
		records := testRecords("", 40)
		records[20].Log.Body().SetStr(strings.Repeat("x ", 20_000))
		require.NoError(t, b.Apply(t.Context(), records, false))
		assert.Greater(t, len(faults.sizes), 3)
		assert.Contains(t, faults.sizes, 1, "the large one")
		requireSame(t, records, search(t, b))
	})
}

func TestReasonsAreBounded(t *testing.T) {
	var one item
	require.NoError(t, json.Unmarshal([]byte(`{"status":400,"error":{"type":"x","reason":"`+strings.Repeat("ä", 2000)+`"}}`), &one))
	assert.LessOrEqual(t, len(one.reason()), maxReasonBytes+len("…"))
	assert.True(t, isValidText(one.reason()))
	assert.Equal(t, "the cluster answers with status 400", item{Status: 400}.reason())
}

func FuzzBulkAnswer(f *testing.F) {
	f.Add([]byte(`{"items":[{"create":{"_index":"i","_id":"1","status":201}}]}`))
	f.Add([]byte(`{"items":[{"create":{"_index":"i","_id":"1","status":400,"error":{"type":"t","reason":"r"}}}]}`))
	f.Add([]byte(`{"items":[{}]}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		actions := []action{{index: "i", id: "1"}}
		items, err := parseBulkAnswer(answer, actions)
		if err == nil {
			assert.Len(t, items, 1)
			assert.Equal(t, "i1", items[0].Index+items[0].ID)
		}
	})
}
