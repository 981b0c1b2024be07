// Package provisioning makes the alerts in the store those of a configuration.
//
// An alert of the configuration has a key, from which its id follows: so it is the same
// alert after a restart and on every replica, and what has happened to it stays, whatever
// else of it is edited. An edit does to its state what the same edit over the API does.
//
// Each replica applies its configuration once, when it starts, by compare-and-set. Replicas
// with the same configuration therefore make the same of it, in any order and at the same
// time. Where theirs differ, that of the one which started last holds, until another
// starts: nothing goes back and forth meanwhile.
package provisioning

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertform"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/notify"
	"github.com/docketlog/docket/internal/provision"
)

// Alert is an alert of the configuration.
type Alert struct {
	// Key tells it from the other alerts of its project that the configuration has.
	Key       string
	ProjectID int64
	// Settings are complete.
	Settings     alertstore.Settings
	Destinations []notify.Provisioned
}

// ID is the id of the alert: a UUID that follows from its project and key.
func (a Alert) ID() string {
	name := "docket:alert:" + strconv.FormatInt(a.ProjectID, 10) + "/" + a.Key
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(name)).String()
}

// Target is where alerts of a configuration are kept.
type Target struct {
	Alerts       *alertstore.Store
	Destinations notify.Destinations
	// Place is where in the configuration the alerts are, such as
	// extensions::alerting::alerts. Alerts of another place are not touched.
	Place string
	// Interval is the time between two checks. A new alert is checked first when the others
	// are, with which nothing has to be written down for it alone; 0 is at once.
	Interval time.Duration
	Now      func() time.Time
	// Tell is told of each change once it is made, by the one of several replicas that has
	// made it; nil tells nobody.
	Tell func(Change)
}

// Change is what was done to an alert, or to a destination of one.
type Change struct {
	// By is where in the configuration the alert is or was.
	By                 string
	ProjectID          int64
	AlertID, AlertName string
	// Before and After are what the alert was and is: nil is nothing. Both are nil if it is
	// about a destination.
	Before, After *alertstore.Alert
	// DestinationBefore and DestinationAfter are those of a destination.
	DestinationBefore, DestinationAfter *notify.Destination
}

// Outcome counts what was done.
type Outcome = provision.Outcome

// author is who makes the alerts of a configuration.
func author() alertstore.Author {
	const name = "configuration"
	return alertstore.Author{UUID: uuid.NewSHA1(uuid.NameSpaceURL, []byte("docket:"+name)).String(), Name: name}
}

// Apply makes the alerts of the place those that are wanted. When it fails, some may be;
// it may be called again.
//
// What is as it should be costs no request of its own, and a new alert one write. That
// alerts have changed is noted once a second meanwhile, and in the end.
func (t Target) Apply(ctx context.Context, wanted []Alert) (Outcome, error) {
	var done Outcome
	there, err := t.look(ctx)
	if err != nil {
		return done, err
	}
	isWanted, noting := map[string]bool{}, noting{alerts: t.Alerts, at: time.Now()}
	for _, w := range wanted {
		isWanted[w.ID()] = true
		if err := t.put(ctx, w, there, &done); err != nil {
			return done, fmt.Errorf("provision the alert %s: %w", w.Key, err)
		}
		if err := noting.note(ctx, done, noteEvery); err != nil {
			return done, err
		}
	}
	if err := noting.note(ctx, done, 0); err != nil {
		return done, err
	}
	present, err := t.Present(ctx)
	if err != nil {
		return done, err
	}
	for _, a := range present {
		if isWanted[a.ID] {
			continue
		}
		if err := t.remove(ctx, a, &done); err != nil {
			return done, fmt.Errorf("remove the alert %q, which the configuration has no more: %w", a.Name, err)
		}
	}
	return done, nil
}

// noteEvery is how often it is noted that alerts have changed.
const noteEvery = time.Second

// noting notes that alerts have changed.
type noting struct {
	alerts *alertstore.Store
	// done is what was noted, at a moment.
	done Outcome
	at   time.Time
}

// note notes what was done since, unless it has noted something a short time ago.
func (n *noting) note(ctx context.Context, done Outcome, every time.Duration) error {
	if done == n.done || time.Since(n.at) < every {
		return nil
	}
	n.done, n.at = done, time.Now()
	return n.alerts.NoteChange(ctx)
}

// there is what there was when Apply began, of all places. Whatever follows from it is done
// by compare-and-set.
type there struct {
	alerts       map[string]alertstore.Alert
	destinations notify.Present
}

func (t Target) look(ctx context.Context) (there, error) {
	all, err := t.Alerts.All(ctx)
	if err != nil {
		return there{}, err
	}
	found := there{alerts: make(map[string]alertstore.Alert, len(all))}
	for _, a := range all {
		found.alerts[a.ID] = a
	}
	found.destinations, err = t.Destinations.Present(ctx)
	return found, err
}

// Present returns the alerts of the place that are in the store.
func (t Target) Present(ctx context.Context) ([]alertstore.Alert, error) {
	all, err := t.Alerts.All(ctx)
	if err != nil {
		return nil, err
	}
	var present []alertstore.Alert
	for _, a := range all {
		if a.Provisioned && strings.HasPrefix(a.ProvisionedBy, t.placeOf("")) {
			present = append(present, a)
		}
	}
	return present, nil
}

func (t Target) placeOf(key string) string { return t.Place + "::" + key }

func (t Target) tell(c Change) {
	if t.Tell != nil {
		t.Tell(c)
	}
}

// put makes an alert, or makes the one that there is what is wanted. Its destinations come
// first, so that it never fires without them.
func (t Target) put(ctx context.Context, w Alert, there there, done *Outcome) error {
	about := Change{By: t.placeOf(w.Key), ProjectID: w.ProjectID, AlertID: w.ID(), AlertName: w.Settings.Name}
	tell := func(before, after *notify.Destination) {
		of := about
		of.DestinationBefore, of.DestinationAfter = before, after
		t.tell(of)
	}
	if err := t.Destinations.Provision(ctx, w.ProjectID, w.ID(), w.Destinations, there.destinations, tell); err != nil {
		return err
	}
	before, isThere := there.alerts[w.ID()]
	if isThere && t.isAsWanted(before, w) {
		return nil
	}
	for {
		if isThere {
			err := t.change(ctx, w, about, done)
			if !errors.Is(err, alertstore.ErrNotFound) {
				return err
			}
		}
		made, err := t.Alerts.Add(ctx, t.newAlert(w))
		if err == nil {
			done.Made++
			about.After = &made
			t.tell(about)
		}
		if !errors.Is(err, alertstore.ErrExists) {
			return err
		}
		isThere = true
	}
}

func (t Target) newAlert(w Alert) alertstore.Alert {
	now := t.Now()
	made := alertstore.Alert{
		ID: w.ID(), ProjectID: w.ProjectID, Settings: w.Settings, CreatedBy: author(), Provisioned: true, ProvisionedBy: t.placeOf(w.Key),
		State: alertstore.State{Name: alert.NotFiring},
		// One with this id may have been there before, and records may have its tags: no
		// two have the same version.
		FilterVersion: now.Unix(),
	}
	made.SetFilters(w.Settings.Filters, now)
	if made.Enabled {
		made.FirstEnabledAt = now.UTC()
	}
	if t.Interval > 0 {
		made.State.NextCheckAt = alert.NextCheck(time.Time{}, now, t.Interval, 0)
	}
	return made
}

// change makes the alert that there is what is wanted. Errors: alertstore.ErrNotFound.
func (t Target) change(ctx context.Context, w Alert, about Change, done *Outcome) error {
	isChanged := false
	var before alertstore.Alert
	after, err := t.Alerts.Advance(ctx, w.ProjectID, w.ID(), func(a *alertstore.Alert) error {
		before, isChanged = *a, false
		if t.isAsWanted(*a, w) {
			return alertstore.ErrUnchanged
		}
		isChanged = true
		a.Provisioned, a.ProvisionedBy = true, t.placeOf(w.Key)
		alertform.NewChange(w.Settings).Apply(a, t.Now())
		return nil
	})
	if isChanged && after.ID != "" {
		done.Changed++
		about.Before, about.After = &before, &after
		t.tell(about)
	}
	return err
}

// isAsWanted reports whether there is nothing to change of an alert.
func (t Target) isAsWanted(a alertstore.Alert, w Alert) bool {
	return a.Provisioned && a.ProvisionedBy == t.placeOf(w.Key) && isSame(a.Settings, w.Settings)
}

// isSame reports whether two settings say the same.
func isSame(a, b alertstore.Settings) bool {
	if !alertform.SameJSON(a.Filters, b.Filters) || !alertform.SameJSON(orNull(a.QuietHours), orNull(b.QuietHours)) {
		return false
	}
	a.Filters, b.Filters, a.QuietHours, b.QuietHours = nil, nil, nil, nil
	return reflect.DeepEqual(a, b)
}

func orNull(text json.RawMessage) json.RawMessage {
	if len(text) == 0 {
		return json.RawMessage("null")
	}
	return text
}

func (t Target) remove(ctx context.Context, a alertstore.Alert, done *Outcome) error {
	removed, err := t.Alerts.Delete(ctx, a.ProjectID, a.ID)
	if removed.ID != "" {
		done.Removed++
		t.tell(Change{By: removed.ProvisionedBy, ProjectID: a.ProjectID, AlertID: a.ID, AlertName: removed.Name, Before: &removed})
	}
	if err != nil && !errors.Is(err, alertstore.ErrNotFound) {
		return err
	}
	return t.Destinations.DeleteAll(ctx, a.ProjectID, a.ID)
}
