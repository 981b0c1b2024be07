package provisioning_test

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertform"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/notify"
	"github.com/docketlog/docket/internal/alert/provisioning"
	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/docstore/docstoretest"
)

const place = "extensions::alerting::alerts"

func targetOn(documents docstore.Store) provisioning.Target {
	return provisioning.Target{
		Alerts: alertstore.New(documents, time.Now), Destinations: notify.Destinations{Documents: documents, Now: time.Now},
		Place: place, Now: time.Now,
	}
}

// wanted returns an alert with a webhook.
func wanted(key string, change func(*provisioning.Alert)) provisioning.Alert {
	w := provisioning.Alert{
		Key: key, ProjectID: 1, Settings: alertform.Defaults(),
		Destinations: []notify.Provisioned{{Key: "ops", Target: notify.Target{Type: notify.TypeWebhook, URL: "https://example.com/" + key}}},
	}
	w.Settings.Name, w.Settings.Filters = key, json.RawMessage(`{"serviceNames":["checkout"]}`)
	if change != nil {
		change(&w)
	}
	return w
}

// apply provisions alerts, and returns what was done and those of the project by id.
func apply(t *testing.T, target provisioning.Target, all ...provisioning.Alert) (provisioning.Outcome, map[string]alertstore.Alert) {
	t.Helper()
	done, err := target.Apply(t.Context(), all)
	require.NoError(t, err)
	return done, alertsOf(t, target)
}

func alertsOf(t *testing.T, target provisioning.Target) map[string]alertstore.Alert {
	t.Helper()
	all, err := target.Alerts.All(t.Context())
	require.NoError(t, err)
	byID := map[string]alertstore.Alert{}
	for _, a := range all {
		byID[a.ID] = a
	}
	return byID
}

func destinationsOf(t *testing.T, target provisioning.Target, w provisioning.Alert) []notify.Destination {
	t.Helper()
	all, err := target.Destinations.List(t.Context(), w.ProjectID, w.ID())
	require.NoError(t, err)
	return all
}

func TestMakesThemOnce(t *testing.T) {
	target := targetOn(docstoretest.NewMemory())
	one, two := wanted("one", nil), wanted("two", func(w *provisioning.Alert) { w.ProjectID, w.Settings.Enabled = 2, false })
	done, all := apply(t, target, one, two)
	assert.Equal(t, provisioning.Outcome{Made: 2}, done)
	require.Len(t, all, 2)
	made := all[one.ID()]
	assert.True(t, made.Provisioned)
	assert.Equal(t, place+"::one", made.ProvisionedBy)
	assert.Equal(t, "configuration", made.CreatedBy.Name)
	assert.Equal(t, alert.NotFiring, made.State.Name)
	assert.False(t, made.FirstEnabledAt.IsZero())
	assert.True(t, all[two.ID()].FirstEnabledAt.IsZero())
	destinations := destinationsOf(t, target, one)
	require.Len(t, destinations, 1)
	assert.Len(t, destinations[0].FunctionIDs(), 4)
	assert.NotEmpty(t, destinations[0].Secret)

	before, err := target.Alerts.Changes(t.Context())
	require.NoError(t, err)
	done, again := apply(t, target, one, two)
	assert.Zero(t, done)
	assert.Equal(t, all, again)
	assert.Equal(t, destinations, destinationsOf(t, target, one))
	after, err := target.Alerts.Changes(t.Context())
	require.NoError(t, err)
	assert.Equal(t, before, after, "a restart with the same configuration writes nothing")
}

// counted counts the calls to a store by what they are.
type counted struct {
	docstore.Store

	gets, lists, creates, updates int
}

func (c *counted) Get(ctx context.Context, collection, id string) (docstore.Document, error) {
	c.gets++
	return c.Store.Get(ctx, collection, id)
}

func (c *counted) List(ctx context.Context, collection, prefix string) ([]docstore.Document, error) {
	c.lists++
	return c.Store.List(ctx, collection, prefix)
}

func (c *counted) Create(ctx context.Context, document docstore.Document) (docstore.Document, error) {
	c.creates++
	return c.Store.Create(ctx, document)
}

func (c *counted) Update(ctx context.Context, document docstore.Document) (docstore.Document, error) {
	c.updates++
	return c.Store.Update(ctx, document)
}

// Many alerts cost a write each when they are made, and nothing each after a restart.
func TestManyAlertsCostLittle(t *testing.T) {
	documents := &counted{Store: docstoretest.NewMemory()}
	target := targetOn(documents)
	all := make([]provisioning.Alert, 500)
	for i := range all {
		all[i] = wanted(strconv.Itoa(i), func(w *provisioning.Alert) { w.Destinations = nil })
	}
	const fewer = 50 // more than it takes beside, even if that takes some seconds
	apply(t, target, all...)
	assert.Less(t, documents.creates, len(all)+fewer)
	assert.Less(t, documents.gets+documents.lists+documents.updates, fewer)
	*documents = counted{Store: documents.Store}
	apply(t, target, all...)
	assert.Zero(t, documents.creates+documents.updates+documents.gets)
	assert.Less(t, documents.lists, fewer)
}

// A new alert is checked with the others.
func TestFirstCheck(t *testing.T) {
	target := targetOn(docstoretest.NewMemory())
	target.Interval = time.Minute
	target.Now = func() time.Time { return time.Date(2026, 5, 1, 12, 0, 20, 0, time.UTC) }
	w := wanted("one", nil)
	_, all := apply(t, target, w)
	assert.Equal(t, time.Date(2026, 5, 1, 12, 1, 0, 0, time.UTC), all[w.ID()].State.NextCheckAt)
}

// What has happened to an alert stays, unless an edit over the API would change it.
func TestStateStays(t *testing.T) {
	target := targetOn(docstoretest.NewMemory())
	w := wanted("one", nil)
	_, all := apply(t, target, w)
	version := all[w.ID()].FilterVersion
	_, err := target.Alerts.Change(t.Context(), 1, w.ID(), func(a *alertstore.Alert) error {
		a.State.Name, a.State.LastNotifiedAt = alert.Firing, time.Now()
		return nil
	})
	require.NoError(t, err)

	w.Settings.Name, w.Settings.CooldownMin = "another name", 30
	w.Settings.Filters = json.RawMessage(`{ "serviceNames": ["checkout"] }`)
	w.Destinations[0].URL = "https://example.com/other"
	destinations := destinationsOf(t, target, w)
	done, all := apply(t, target, w)
	assert.Equal(t, provisioning.Outcome{Changed: 1}, done)
	changed := all[w.ID()]
	assert.Equal(t, "another name", changed.Name)
	assert.Equal(t, alert.Firing, changed.State.Name)
	assert.False(t, changed.State.LastNotifiedAt.IsZero())
	assert.Equal(t, version, changed.FilterVersion)
	assert.Empty(t, changed.Outbox)
	moved := destinationsOf(t, target, w)
	require.Len(t, moved, 1)
	assert.Equal(t, destinations[0].FunctionIDs(), moved[0].FunctionIDs(), "it is the same destination")
	assert.Equal(t, destinations[0].Secret, moved[0].Secret)
	assert.Equal(t, "https://example.com/other", moved[0].URL)

	w.Settings.Filters = json.RawMessage(`{"serviceNames":["cart"]}`)
	_, all = apply(t, target, w)
	assert.Equal(t, alert.NotFiring, all[w.ID()].State.Name)
	assert.Equal(t, version+1, all[w.ID()].FilterVersion)
	require.Len(t, all[w.ID()].Outbox, 1)
	assert.Equal(t, alert.KindThresholdChange, all[w.ID()].Outbox[0].Kind)
}

func TestRemovesWhatIsNotWanted(t *testing.T) {
	documents := docstoretest.NewMemory()
	target := targetOn(documents)
	elsewhere := target
	elsewhere.Place = "extensions::alerting/other::alerts"
	mine, err := target.Alerts.Create(t.Context(), alertstore.Alert{ProjectID: 1, Settings: alertform.Defaults()}, 20)
	require.NoError(t, err)
	one, two, three := wanted("one", nil), wanted("two", nil), wanted("three", nil)
	apply(t, elsewhere, three)
	apply(t, target, one, two)
	done, all := apply(t, target, two)
	assert.Equal(t, provisioning.Outcome{Removed: 1}, done)
	assert.Len(t, all, 3)
	assert.NotContains(t, all, one.ID())
	assert.Empty(t, destinationsOf(t, target, one))
	done, all = apply(t, target)
	assert.Equal(t, provisioning.Outcome{Removed: 1}, done)
	assert.Contains(t, all, mine.ID, "what people have made stays")
	assert.Contains(t, all, three.ID(), "and what another extension has")

	version := wanted("one", nil)
	_, all = apply(t, target, version)
	assert.Positive(t, all[one.ID()].FilterVersion, "it is there again")
}

// Those of the configuration take no room from those that people make.
func TestRoom(t *testing.T) {
	target := targetOn(docstoretest.NewMemory())
	mine := alertstore.Alert{ProjectID: 1, Settings: alertform.Defaults()}
	_, err := target.Alerts.Create(t.Context(), mine, 1)
	require.NoError(t, err)
	apply(t, target, wanted("one", nil), wanted("two", nil))
	_, err = target.Alerts.Create(t.Context(), mine, 1)
	require.ErrorIs(t, err, alertstore.ErrTooMany)
	_, err = target.Alerts.Create(t.Context(), mine, 2)
	require.NoError(t, err)
}

// Replicas with the same configuration that start at once make the same of it.
func TestReplicasAtOnce(t *testing.T) {
	documents := docstoretest.NewMemory()
	old := []provisioning.Alert{wanted("gone", nil), wanted("changed", nil)}
	apply(t, targetOn(documents), old...)
	all := []provisioning.Alert{
		wanted("one", nil), wanted("two", nil), wanted("changed", func(w *provisioning.Alert) { w.Settings.ThresholdCount = 7 }),
	}
	var starting sync.WaitGroup
	var told book
	for range 4 {
		starting.Go(func() {
			for range 5 {
				target := targetOn(documents)
				target.Tell = told.note
				_, err := target.Apply(t.Context(), all)
				assert.NoError(t, err)
			}
		})
	}
	starting.Wait()
	assert.ElementsMatch(t, []string{
		"destination made of one", "made one", "destination made of two", "made two", "changed changed", "removed gone",
	}, told.all(), "each is told once")
	target := targetOn(documents)
	present := alertsOf(t, target)
	require.Len(t, present, 3)
	for _, w := range all {
		assert.Equal(t, w.Settings.ThresholdCount, present[w.ID()].ThresholdCount)
		assert.Len(t, destinationsOf(t, target, w), 1)
	}
	assert.Len(t, present[old[1].ID()].Outbox, 1, "the edit has happened once")
}

// Of replicas with different configurations, the one that started last has its way, and
// nothing goes back and forth.
func TestReplicasThatDiffer(t *testing.T) {
	documents := docstoretest.NewMemory()
	one := wanted("a", nil)
	other := wanted("a", func(w *provisioning.Alert) { w.Settings.ThresholdCount = 7 })
	apply(t, targetOn(documents), one, wanted("b", nil))
	_, all := apply(t, targetOn(documents), other)
	require.Len(t, all, 1)
	assert.EqualValues(t, 7, all[one.ID()].ThresholdCount)
	_, all = apply(t, targetOn(documents), one, wanted("b", nil))
	require.Len(t, all, 2)
	assert.EqualValues(t, 100, all[one.ID()].ThresholdCount)
}

func TestDestinationsOfAnAlert(t *testing.T) {
	target := targetOn(docstoretest.NewMemory())
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	w := wanted("one", func(w *provisioning.Alert) {
		w.Destinations = append(w.Destinations, notify.Provisioned{
			Key: "mail", Target: notify.Target{Type: notify.TypeEmail, Emails: []string{"jo@example.com"}},
		})
	})
	apply(t, target, w)
	assert.Len(t, destinationsOf(t, target, w), 2)
	w.Destinations = w.Destinations[:1]
	w.Destinations[0].Secret = secret
	apply(t, target, w)
	left := destinationsOf(t, target, w)
	require.Len(t, left, 1)
	assert.Equal(t, secret, left[0].Secret)
	w.Destinations = nil
	apply(t, target, w)
	assert.Empty(t, destinationsOf(t, target, w))
	require.NoError(t, notify.CheckSecret(secret))
	for _, wrong := range []string{"", "whsec_", "secret", "whsec_%%%", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"} {
		require.Error(t, notify.CheckSecret(wrong), wrong)
	}
}

// book notes what it is told.
type book struct {
	mu    sync.Mutex
	notes []string
}

func (b *book) note(c provisioning.Change) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var note string
	switch {
	case c.DestinationBefore != nil && c.DestinationAfter != nil:
		note = "destination changed of "
	case c.DestinationBefore != nil:
		note = "destination removed of "
	case c.DestinationAfter != nil:
		note = "destination made of "
	case c.Before != nil && c.After != nil:
		note = "changed "
	case c.Before != nil:
		note = "removed "
	default:
		note = "made "
	}
	b.notes = append(b.notes, note+c.AlertName)
}

func (b *book) all() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.notes
}

func TestTellsWhatItDoes(t *testing.T) {
	target := targetOn(docstoretest.NewMemory())
	var told []provisioning.Change
	target.Tell = func(c provisioning.Change) { told = append(told, c) }
	w := wanted("one", nil)
	apply(t, target, w)
	require.Len(t, told, 2, "the destination comes first")
	assert.Nil(t, told[0].DestinationBefore)
	assert.Equal(t, "https://example.com/one", told[0].DestinationAfter.URL)
	assert.Equal(t, w.ID(), told[0].AlertID)
	assert.Nil(t, told[1].Before)
	assert.Equal(t, "one", told[1].After.Name)
	assert.Equal(t, place+"::one", told[1].By)
	assert.EqualValues(t, 1, told[1].ProjectID)

	told = nil
	apply(t, target, w)
	assert.Empty(t, told, "a restart changes nothing")

	w.Settings.ThresholdCount, w.Destinations[0].URL = 7, "https://example.com/other"
	apply(t, target, w)
	require.Len(t, told, 2)
	assert.Equal(t, "https://example.com/one", told[0].DestinationBefore.URL)
	assert.Equal(t, "https://example.com/other", told[0].DestinationAfter.URL)
	assert.EqualValues(t, 100, told[1].Before.ThresholdCount)
	assert.EqualValues(t, 7, told[1].After.ThresholdCount)

	told, w.Destinations = nil, nil
	apply(t, target, w)
	require.Len(t, told, 1)
	assert.Nil(t, told[0].DestinationAfter)
	apply(t, target)
	require.Len(t, told, 2)
	assert.EqualValues(t, 7, told[1].Before.ThresholdCount)
	assert.Nil(t, told[1].After)
	assert.Equal(t, place+"::one", told[1].By)
}

// unwritable is a store in which nothing can be changed of a collection.
type unwritable struct {
	docstore.Store

	collection string
}

func (u *unwritable) Update(ctx context.Context, document docstore.Document) (docstore.Document, error) {
	if document.Collection == u.collection {
		return docstore.Document{}, errors.New("the cluster is away")
	}
	return u.Store.Update(ctx, document)
}

// What was done is told even if what comes after it fails: another attempt finds it done.
func TestTellsBeforeItFails(t *testing.T) {
	documents := &unwritable{Store: docstoretest.NewMemory()}
	target := targetOn(documents)
	apply(t, target, wanted("first", nil)) // so that there is a number of changes
	var told book
	target.Tell = told.note
	documents.collection = "alert_changes"
	both := []provisioning.Alert{wanted("first", func(w *provisioning.Alert) { w.Settings.ThresholdCount = 7 }), wanted("one", nil)}
	_, err := target.Apply(t.Context(), both)
	require.ErrorContains(t, err, "the cluster is away")
	documents.collection = ""
	apply(t, target, both...)
	assert.Equal(t, []string{"changed first", "destination made of one", "made one"}, told.all())
}
