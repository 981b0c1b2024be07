package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/docstore"
)

const destinationsCollection = "alert_destinations"

// Type is the type of a destination.
type Type string

// The types.
const (
	TypeWebhook   Type = "webhook"
	TypeSlack     Type = "slack"
	TypeTeams     Type = "teams"
	TypeDiscord   Type = "discord"
	TypePagerDuty Type = "pagerduty"
	TypeEmail     Type = "email"
)

// Destination is where the notifications of an alert go.
type Destination struct {
	// ID is a UUID.
	ID        string    `json:"id"`
	ProjectID int64     `json:"project"`
	AlertID   string    `json:"alert"`
	CreatedAt time.Time `json:"created_at"`
	Target
	// Functions are the ids by which clients know the destination, one for each kind of
	// notification. Those that were deleted are not there, and not sent.
	Functions map[alert.Notification]string `json:"functions"`
	// Secret signs webhooks; it begins with whsec_.
	Secret string `json:"secret,omitempty"`
}

// Target is what a client says of a destination. Which fields count depends on the type.
type Target struct {
	Type Type `json:"type"`
	// URL is that of a webhook, of an incoming webhook of Slack, Teams or Discord.
	URL string `json:"webhook_url,omitempty"`
	// SlackWorkspace and SlackChannel are used instead of URL, with a token from the
	// configuration.
	SlackWorkspace   int64  `json:"slack_workspace_id,omitempty"`
	SlackChannel     string `json:"slack_channel_id,omitempty"`
	SlackChannelName string `json:"slack_channel_name,omitempty"`
	// RoutingKey is that of a PagerDuty integration.
	RoutingKey string `json:"routing_key,omitempty"`
	// Emails are addresses.
	Emails []string `json:"emails,omitempty"`
}

// kinds are the kinds of notifications, in the order in which clients get their ids.
func kinds() []alert.Notification {
	return []alert.Notification{alert.Fire, alert.Resolve, alert.Failed, alert.BrokeDown}
}

// FunctionIDs returns the ids by which clients know the destination.
func (d Destination) FunctionIDs() []string {
	var ids []string
	for _, kind := range kinds() {
		if id, ok := d.Functions[kind]; ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// ErrNoDestination says that an alert has no such destination.
var ErrNoDestination = errors.New("the alert has no such destination")

// Destinations keeps destinations as documents, under project/alert/id.
type Destinations struct {
	Documents docstore.Store
	Now       func() time.Time
}

// Add adds a destination to an alert.
func (s Destinations) Add(ctx context.Context, projectID int64, alertID string, target Target) (Destination, error) {
	d := Destination{
		ProjectID: projectID, AlertID: alertID, CreatedAt: s.Now().UTC(), Target: target,
		Functions: map[alert.Notification]string{},
	}
	ids := make([]string, 1+len(kinds()))
	for i := range ids {
		id, err := uuid.NewV7()
		if err != nil {
			return Destination{}, fmt.Errorf("make an id: %w", err)
		}
		ids[i] = id.String()
	}
	d.ID = ids[0]
	for i, kind := range kinds() {
		d.Functions[kind] = ids[1+i]
	}
	if target.Type == TypeWebhook {
		d.Secret = newSecret()
	}
	document, err := d.document(0)
	if err != nil {
		return Destination{}, err
	}
	if _, err := s.Documents.Create(ctx, document); err != nil {
		return Destination{}, fmt.Errorf("add a destination: %w", err)
	}
	return d, nil
}

// kept is a destination with the version of its document.
type kept struct {
	Destination

	version int64
}

// List returns the destinations of an alert, the oldest first.
func (s Destinations) List(ctx context.Context, projectID int64, alertID string) ([]Destination, error) {
	found, err := s.list(ctx, alertPrefix(projectID, alertID))
	destinations := make([]Destination, len(found))
	for i, d := range found {
		destinations[i] = d.Destination
	}
	return destinations, err
}

// Get returns a destination of an alert; ok is false if there is none.
func (s Destinations) Get(ctx context.Context, projectID int64, alertID, id string) (d Destination, ok bool, err error) {
	document, err := s.Documents.Get(ctx, destinationsCollection, alertPrefix(projectID, alertID)+id)
	if errors.Is(err, docstore.ErrNotFound) {
		return Destination{}, false, nil
	}
	if err == nil {
		err = json.Unmarshal(document.Body, &d)
	}
	if err != nil {
		return Destination{}, false, fmt.Errorf("read the destination %s: %w", id, err)
	}
	return d, true, nil
}

// Types returns the types of destinations by alert, sorted, of all alerts of a project.
func (s Destinations) Types(ctx context.Context, projectID int64) (map[string][]Type, error) {
	all, err := s.list(ctx, strconv.FormatInt(projectID, 10)+"/")
	byAlert := map[string][]Type{}
	for _, d := range all {
		if !slices.Contains(byAlert[d.AlertID], d.Type) {
			byAlert[d.AlertID] = append(byAlert[d.AlertID], d.Type)
		}
	}
	for _, types := range byAlert {
		slices.Sort(types)
	}
	return byAlert, err
}

func (s Destinations) list(ctx context.Context, prefix string) ([]kept, error) {
	documents, err := s.Documents.List(ctx, destinationsCollection, prefix)
	if err != nil {
		return nil, fmt.Errorf("list destinations: %w", err)
	}
	all := make([]kept, len(documents))
	for i, document := range documents {
		if err := json.Unmarshal(document.Body, &all[i].Destination); err != nil {
			return nil, fmt.Errorf("read the destination %s: %w", document.ID, err)
		}
		all[i].version = document.Version
	}
	return all, nil
}

// DeleteFunctions deletes functions of the destinations of an alert, all or, if any of
// them is not there, none: then it returns ErrNoDestination. A destination without
// functions is deleted.
func (s Destinations) DeleteFunctions(ctx context.Context, projectID int64, alertID string, ids []string) error {
	for {
		all, err := s.list(ctx, alertPrefix(projectID, alertID))
		if err != nil {
			return err
		}
		if !haveAll(all, ids) {
			return ErrNoDestination
		}
		err = s.deleteFrom(ctx, all, ids)
		if !errors.Is(err, docstore.ErrConflict) && !errors.Is(err, docstore.ErrNotFound) {
			return err
		}
		// Somebody else has changed one; those that are done already stay done.
		ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !haveAll(all, []string{id}) })
	}
}

func haveAll(all []kept, ids []string) bool {
	for _, id := range ids {
		if !slices.ContainsFunc(all, func(d kept) bool { return slices.Contains(d.FunctionIDs(), id) }) {
			return false
		}
	}
	return true
}

func (s Destinations) deleteFrom(ctx context.Context, all []kept, ids []string) error {
	for _, d := range all {
		before := len(d.Functions)
		maps.DeleteFunc(d.Functions, func(_ alert.Notification, id string) bool { return slices.Contains(ids, id) })
		if len(d.Functions) == before {
			continue
		}
		document, err := d.document(d.version)
		if err != nil {
			return err
		}
		if len(d.Functions) == 0 {
			err = s.Documents.Delete(ctx, document.Collection, document.ID, document.Version)
		} else {
			_, err = s.Documents.Update(ctx, document)
		}
		if err != nil {
			return fmt.Errorf("delete a destination: %w", err)
		}
	}
	return nil
}

// DeleteAll deletes the destinations of an alert that is deleted.
func (s Destinations) DeleteAll(ctx context.Context, projectID int64, alertID string) error {
	all, err := s.list(ctx, alertPrefix(projectID, alertID))
	if err != nil {
		return err
	}
	var ids []string
	for _, d := range all {
		ids = append(ids, d.FunctionIDs()...)
	}
	if err := s.DeleteFunctions(ctx, projectID, alertID, ids); !errors.Is(err, ErrNoDestination) {
		return err
	}
	return nil // somebody else does so too
}

func (d Destination) document(version int64) (docstore.Document, error) {
	body, err := json.Marshal(d) //nolint:gosec // documents hold secrets
	if err != nil {
		return docstore.Document{}, fmt.Errorf("write a destination: %w", err)
	}
	return docstore.Document{
		Collection: destinationsCollection, ID: alertPrefix(d.ProjectID, d.AlertID) + d.ID, Version: version, Body: body,
	}, nil
}

func alertPrefix(projectID int64, alertID string) string {
	return strconv.FormatInt(projectID, 10) + "/" + alertID + "/"
}
