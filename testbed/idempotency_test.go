package testbed

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/collector"
)

// keyed is a request with an Idempotency-Key.
type keyed struct {
	name, path, body string
	// mediaType is application/json if it is empty.
	mediaType string
	// status is that of the first answer, stored how many records it stores.
	status, stored int
}

// The records of keyedRequests have the word "keyed" in their messages.
const (
	keyedLogSentry = `{"project":1,"level":4,"msg":"keyed entry","context":{"order":42}}`
	keyedLogHub    = `{"actor":{"type":"user","data":{"internal_id":"1"}},"action":"keyed.event","message":"keyed event",` +
		`"metadata":{"old":{"a":1}},"external_id":"7","context":{"location":"192.0.2.1"}}`
	keyedCodeMash = `{"message":"keyed log","level":"Error","items":{"disk":"sda"}}`
)

func keyedRequests() []keyed {
	var all []keyed
	for _, format := range []struct{ name, path, record string }{
		{"LogSentry", "/api/auditlog", keyedLogSentry},
		{"LogHub", "/v1/event", keyedLogHub},
		{"CodeMash", "/v1/logs", keyedCodeMash},
	} {
		list := format.record + "," + format.record
		all = append(all,
			keyed{name: format.name + " single", path: format.path, body: format.record, status: http.StatusOK, stored: 1},
			keyed{name: format.name + " bulk", path: format.path, body: `{"events":[` + list + `]}`, status: http.StatusOK, stored: 2},
			keyed{
				name: format.name + " bulk with rejected", path: format.path,
				body: `[{},` + list + `,5,{"x":1,"x":2},` + format.record + `]`, status: http.StatusBadRequest, stored: 3,
			},
			keyed{
				name: format.name + " lines", path: format.path, mediaType: "application/x-ndjson",
				body: format.record + "\n{}\n" + format.record + "\n", status: http.StatusBadRequest, stored: 2,
			},
		)
	}
	return all
}

// send posts the request with its name as its key, and the headers of every format.
func (k keyed) send(ctx context.Context, c *client.Client) (client.Response, error) {
	mediaType := k.mediaType
	if mediaType == "" {
		mediaType = "application/json"
	}
	return c.Do(ctx, http.MethodPost, "http://"+c.Endpoints.Ingest+k.path, k.body,
		"Content-Type", mediaType, "Idempotency-Key", k.name, "Authorization", "Bearer "+c.Key,
		"token", c.Key, "organization", "default", "x-cm-projectid", "1")
}

func (k keyed) mustSend(t *testing.T, c *client.Client) client.Response {
	t.Helper()
	response, err := k.send(t.Context(), c)
	require.NoError(t, err, k.name)
	return response
}

// Every stop is survived, whether the keys are read from the journal after it, as
// after a kill, or from the index that an orderly stop has written.
func TestIdempotencyKeysSurviveRestarts(t *testing.T) {
	kill := func(docket *collector.Collector) { docket.Kill() }
	terminate := func(docket *collector.Collector) { require.Zero(t, docket.Terminate()) }
	for _, test := range []struct {
		name  string
		stops []func(*collector.Collector)
	}{
		{"killed", []func(*collector.Collector){kill, kill, terminate}},
		{"terminated", []func(*collector.Collector){terminate, terminate, kill}},
	} {
		t.Run(test.name, func(t *testing.T) {
			docket, c := start(t)
			answers, stored := map[string]client.Response{}, 0
			for _, request := range keyedRequests() {
				response := request.mustSend(t, c)
				require.Equal(t, request.status, response.Status, "%s: %s", request.name, response)
				answers[request.name] = response
				stored += request.stored
			}
			assertSameAnswers(t, c, answers)
			for _, stop := range test.stops {
				stop(docket)
				docket.Restart()
				c = newClient(t, docket, adminKey)
				assertSameAnswers(t, c, answers)
				assertOthersAreRefused(t, c)
			}
			find(t, c, searchFor("keyed"), stored)
		})
	}
}

// assertSameAnswers repeats all requests, each twice.
func assertSameAnswers(t *testing.T, c *client.Client, answers map[string]client.Response) {
	t.Helper()
	for _, request := range keyedRequests() {
		for range 2 {
			want, got := answers[request.name], request.mustSend(t, c)
			assert.Equal(t, want.Status, got.Status, request.name)
			assert.Equal(t, string(want.Body), string(got.Body), request.name)
			assert.Equal(t, want.Header.Get("Content-Type"), got.Header.Get("Content-Type"), request.name)
		}
	}
}

// assertOthersAreRefused sends other bodies with the same keys, and the same keys in
// other formats.
func assertOthersAreRefused(t *testing.T, c *client.Client) {
	t.Helper()
	requests := keyedRequests()
	for i, request := range requests {
		changed := request
		changed.body += " "
		assert.Equal(t, http.StatusUnprocessableEntity, changed.mustSend(t, c).Status, changed.name)
		other := requests[(i+len(requests)/3)%len(requests)]
		other.name = request.name
		assert.Equal(t, http.StatusUnprocessableEntity, other.mustSend(t, c).Status, other.name)
	}
}

// Whatever the moment of a kill, a client that repeats its request until it gets an
// answer has stored it once, and all answers that anybody got are the same.
func TestEqualRequestsAroundAKillAreStoredOnce(t *testing.T) {
	rounds := 10
	if isLong() {
		rounds = 200
	}
	seed := numberFromEnvironment(t, seedVariable, int(time.Now().UnixNano()))
	t.Logf("%s=%d", seedVariable, seed)
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	docket, _ := start(t)
	early := 0
	for round := range rounds {
		message := fmt.Sprintf("once-%04d", round)
		crowd := gather(t, docket, keyed{name: message, path: "/api/auditlog", body: `{"project":1,"msg":"` + message + `"}`})
		if round%2 == 0 {
			time.Sleep(time.Duration(random.Int64N(int64(20 * time.Millisecond))))
		} else {
			crowd.waitForAnswer() // the others wait for the one that is stored, or are on their way
		}
		docket.Kill()
		early += crowd.count()
		docket.Restart()
		answers := crowd.wait()
		answers = append(answers, gather(t, docket, crowd.request).wait()...)
		for _, answer := range answers {
			require.Equal(t, http.StatusOK, answer.Status, answer)
			require.Equal(t, string(answers[0].Body), string(answer.Body), "round %d", round)
		}
		find(t, newClient(t, docket, adminKey), searchFor(message), 1)
	}
	t.Logf("%d of %d requests were answered before a kill", early, rounds*crowdSize)
}

const (
	crowdSize = 32
	// crowdTimeout bounds how long a crowd waits for a Docket that is restarted.
	crowdTimeout = time.Minute
)

// crowd are clients that send the same request at once, each until it gets an
// answer.
type crowd struct {
	request keyed
	// answered is closed by the first answer.
	answered chan struct{}
	sending  sync.WaitGroup

	mutex   sync.Mutex
	answers []client.Response
	failure error
	t       *testing.T
}

func gather(t *testing.T, docket *collector.Collector, request keyed) *crowd {
	t.Helper()
	crowd := &crowd{request: request, answered: make(chan struct{}), t: t}
	ctx, cancel := context.WithTimeout(t.Context(), crowdTimeout)
	c := newClient(t, docket, adminKey)
	for range crowdSize {
		crowd.sending.Go(func() { crowd.note(request.sendUntilAnswered(ctx, c)) })
	}
	t.Cleanup(func() {
		cancel()
		crowd.sending.Wait()
	})
	return crowd
}

func (k keyed) sendUntilAnswered(ctx context.Context, c *client.Client) (client.Response, error) {
	for {
		response, err := k.send(ctx, c)
		if err == nil || ctx.Err() != nil {
			return response, err
		}
		time.Sleep(time.Millisecond)
	}
}

func (c *crowd) note(answer client.Response, err error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if err != nil {
		c.failure = err
		return
	}
	if c.answers = append(c.answers, answer); len(c.answers) == 1 {
		close(c.answered)
	}
}

func (c *crowd) waitForAnswer() {
	c.t.Helper()
	select {
	case <-c.answered:
	case <-time.After(crowdTimeout):
		require.Fail(c.t, "nobody gets an answer")
	}
}

func (c *crowd) count() int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return len(c.answers)
}

// wait returns the answers, one for each client.
func (c *crowd) wait() []client.Response {
	c.t.Helper()
	c.sending.Wait()
	require.NoError(c.t, c.failure)
	require.Len(c.t, c.answers, crowdSize)
	return c.answers
}
