package audittrail_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/audittrail"
	"github.com/docketlog/docket/internal/record"
)

// signInsBy returns, by client or network, how many failed sign-ins have a record, and how
// many are told of in a record for all.
func signInsBy(records []record.Record) (recorded, counted map[string]int64) {
	recorded, counted = map[string]int64{}, map[string]int64{}
	for _, r := range records {
		attributes := r.Log.Attributes()
		if attempts, ok := attributes.Get("metadata.attempts"); ok {
			network := ""
			if value, ok := attributes.Get("metadata.network"); ok {
				network = value.Str()
			}
			counted[network] += attempts.Int()
			continue
		}
		address, _ := attributes.Get(record.AttributeClientAddress)
		recorded[address.Str()]++
	}
	return recorded, counted
}

func TestAFailedSignIn(t *testing.T) {
	writer := &memoryWriter{}
	trail, _ := newTrail(writer)
	trail.NoteFailedSignIn(audittrail.Origin{Address: "192.0.2.1", UserAgent: "curl/8", Method: "GET", Path: "/logs"})
	trail.Shutdown(t.Context())
	require.Len(t, writer.all(), 1)
	r := writer.all()[0]
	assert.Equal(t, "sign_in.fail: the key is wrong or was revoked", r.Log.Body().Str())
	assert.JSONEq(t, `{"docket.actor.type": "system", "docket.actor.description": "somebody without a valid key", "metadata.outcome": "failure",
		"metadata.reason": "the key is wrong or was revoked", "client.address": "192.0.2.1", "user_agent.original": "curl/8",
		"http.request.method": "GET", "url.path": "/logs", "docket.source": "docket"}`, attributesOf(t, r))
}

func TestFailedSignInsOfOneClientAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		writer := &memoryWriter{}
		trail, _ := newTrail(writer)
		for n := range 1000 {
			trail.NoteFailedSignIn(audittrail.Origin{Address: "192.0.2.1"})
			trail.NoteFailedSignIn(audittrail.Origin{Address: fmt.Sprintf("2001:db8::%x", n)}) // of one network
		}
		synctest.Wait()
		require.Len(t, writer.all(), 10)
		require.EqualValues(t, 1990, trail.Stats().Suppressed)
		time.Sleep(61 * time.Second)
		recorded, counted := signInsBy(writer.all())
		assert.Equal(t, int64(5), recorded["192.0.2.1"])
		assert.Equal(t, map[string]int64{"192.0.2.1": 995, "2001:db8::/64": 995}, counted)
		last := writer.all()[len(writer.all())-1]
		window, _ := last.Log.Attributes().Get("metadata.window")
		assert.Equal(t, "1m0s", window.Str())

		trail.NoteFailedSignIn(audittrail.Origin{Address: "192.0.2.1"})
		time.Sleep(10 * time.Minute)
		require.Len(t, writer.all(), 13, "the next window begins anew, and what is quiet makes no records")
		trail.Shutdown(t.Context())
	})
}

func TestFailedSignInsOfManyClientsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		writer := &memoryWriter{}
		trail, _ := newTrail(writer)
		const clients, attempts = 1000, 3
		for range attempts {
			for n := range clients {
				trail.NoteFailedSignIn(audittrail.Origin{Address: fmt.Sprintf("10.0.%d.%d", n/250, n%250)})
			}
		}
		trail.Shutdown(t.Context())
		recorded, counted := signInsBy(writer.all())
		require.Len(t, recorded, 100)
		require.Len(t, counted, 101)
		require.EqualValues(t, (clients-100)*attempts, counted[""], "who is not told apart")
		total := int64(0)
		for _, number := range slices.Concat(slices.Collect(maps.Values(recorded)), slices.Collect(maps.Values(counted))) {
			total += number
		}
		require.EqualValues(t, clients*attempts, total, "nothing is forgotten")
		require.LessOrEqual(t, len(writer.all()), 201)
	})
}

// Whatever a header says, it does not make one client many.
func TestWhatIsNoAddressIsOneClient(t *testing.T) {
	writer := &memoryWriter{}
	trail, _ := newTrail(writer)
	for n := range 50 {
		trail.NoteFailedSignIn(audittrail.Origin{Address: fmt.Sprintf("client %d", n)})
	}
	trail.Shutdown(t.Context())
	_, counted := signInsBy(writer.all())
	assert.Equal(t, map[string]int64{"unknown": 45}, counted)
}

func refusal(actor string) audittrail.Event {
	return audittrail.Event{
		Action: audittrail.ActionViewUpdate, Actor: audittrail.Actor{ID: actor, Label: "of " + actor}, Target: audittrail.Target{Type: "view", ID: "k2x9"},
		Details: map[string]any{"status": 403}, Failure: "The key may not.",
	}
}

func TestARefusal(t *testing.T) {
	writer := &memoryWriter{}
	trail, _ := newTrail(writer)
	trail.NoteRefusal(refusal("a"))
	trail.Shutdown(t.Context())
	require.Len(t, writer.all(), 1)
	r := writer.all()[0]
	assert.Equal(t, `view.update k2x9 by "of a": The key may not.`, r.Log.Body().Str())
	assert.JSONEq(t, `{"docket.actor.type": "user", "user.id": "a", "user.full_name": "of a", "metadata.target_type": "view", "metadata.target_id": "k2x9",
		"metadata.outcome": "failure", "metadata.reason": "The key may not.", "metadata.status": 403, "docket.source": "docket"}`, attributesOf(t, r))
}

func TestRefusalsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		writer := &memoryWriter{}
		trail, _ := newTrail(writer)
		for range 1000 {
			trail.NoteRefusal(refusal("a"))
		}
		trail.NoteRefusal(refusal("b"))
		trail.NoteFailedSignIn(audittrail.Origin{Address: "192.0.2.1"})
		synctest.Wait()
		require.Len(t, writer.all(), 30+1+1, "who tries too often hides nobody else")
		time.Sleep(61 * time.Second)
		require.Len(t, writer.all(), 33)
		last := writer.all()[32]
		assert.Equal(t, `changes.refuse by "of a": further attempts, which are not recorded one by one`, last.Log.Body().Str())
		attempts, _ := last.Log.Attributes().Get("metadata.attempts")
		assert.EqualValues(t, 970, attempts.Int())
		require.Equal(t, audittrail.Stats{Stored: 33, Suppressed: 970}, trail.Stats())
		trail.Shutdown(t.Context())
	})
}

func TestRefusalsOfManyKeysAreBounded(t *testing.T) {
	writer := &memoryWriter{}
	trail, _ := newTrail(writer)
	for n := range 1000 {
		trail.NoteRefusal(refusal(fmt.Sprint(n)))
	}
	trail.Shutdown(t.Context())
	require.Len(t, writer.all(), 101)
	last := writer.all()[100]
	assert.Equal(t, `changes.refuse by "further keys": further attempts, which are not recorded one by one`, last.Log.Body().Str())
	attempts, _ := last.Log.Attributes().Get("metadata.attempts")
	assert.EqualValues(t, 900, attempts.Int())
}
