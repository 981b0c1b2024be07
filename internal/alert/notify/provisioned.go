package notify

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/google/uuid"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/docstore"
)

// Provisioned is a destination that the configuration has.
type Provisioned struct {
	// Key tells it from the others of its alert. The ids of the destination follow from
	// it, so they stay when anything else of it changes.
	Key string
	Target
	// Secret signs webhooks; "" is one that is made when the destination is, and then
	// stays.
	Secret string
}

// CheckSecret returns an error unless a secret can sign webhooks.
func CheckSecret(secret string) error {
	if _, err := standardwebhooks.NewWebhook(secret); err != nil || len(secret) <= len(secretPrefix) || secret[:len(secretPrefix)] != secretPrefix {
		return errors.New("must be " + secretPrefix + " and some base64, as `openssl rand -base64 32` makes it")
	}
	return nil
}

// Present are the destinations of all alerts as they were when they were listed.
type Present map[string][]kept

// Present lists the destinations of all alerts.
func (s Destinations) Present(ctx context.Context) (Present, error) {
	all, err := s.list(ctx, "")
	present := Present{}
	for _, d := range all {
		prefix := alertPrefix(d.ProjectID, d.AlertID)
		present[prefix] = append(present[prefix], d)
	}
	return present, err
}

// Provision gives an alert exactly the destinations that are wanted. Those that it has
// stay as they are where they say the same. What it has is looked up in present, and listed
// only if somebody has changed it since. Several may do so at once; of each change, the one
// who has made it tells, of what was and is: nil for nothing.
func (s Destinations) Provision(
	ctx context.Context, projectID int64, alertID string, wanted []Provisioned, present Present, tell func(before, after *Destination),
) error {
	prefix := alertPrefix(projectID, alertID)
	for all := present[prefix]; ; {
		err := s.provision(ctx, projectID, alertID, wanted, slices.Clone(all), tell)
		if !errors.Is(err, docstore.ErrConflict) && !errors.Is(err, docstore.ErrExists) && !errors.Is(err, docstore.ErrNotFound) {
			return err
		}
		if all, err = s.list(ctx, prefix); err != nil {
			return err
		}
	}
}

func (s Destinations) provision(
	ctx context.Context, projectID int64, alertID string, wanted []Provisioned, all []kept, tell func(before, after *Destination),
) error {
	of, err := uuid.Parse(alertID)
	if err != nil {
		return fmt.Errorf("read the id of an alert: %w", err)
	}
	for _, w := range wanted {
		id := uuid.NewSHA1(of, []byte("destination/"+w.Key))
		at := slices.IndexFunc(all, func(d kept) bool { return d.ID == id.String() })
		var have *kept
		if at >= 0 {
			have = &all[at]
		}
		if err := s.put(ctx, w.destination(id, projectID, alertID, s), have, tell); err != nil {
			return err
		}
		if at >= 0 {
			all = slices.Delete(all, at, at+1)
		}
	}
	for _, d := range all {
		if err := s.Documents.Delete(ctx, destinationsCollection, alertPrefix(projectID, alertID)+d.ID, d.version); err != nil {
			return fmt.Errorf("delete a destination: %w", err)
		}
		tell(&d.Destination, nil)
	}
	return nil
}

// destination is what is wanted.
func (p Provisioned) destination(id uuid.UUID, projectID int64, alertID string, s Destinations) Destination {
	d := Destination{
		ID: id.String(), ProjectID: projectID, AlertID: alertID, CreatedAt: s.Now().UTC(), Target: p.Target,
		Functions: map[alert.Notification]string{}, Secret: p.Secret,
	}
	for _, kind := range kinds() {
		d.Functions[kind] = uuid.NewSHA1(id, []byte(kind)).String()
	}
	return d
}

// put makes a destination, or makes the one that there is what is wanted.
func (s Destinations) put(ctx context.Context, wanted Destination, have *kept, tell func(before, after *Destination)) error {
	version := int64(0)
	if have != nil {
		version, wanted.CreatedAt = have.version, have.CreatedAt
		if wanted.Secret == "" && wanted.Type == TypeWebhook {
			wanted.Secret = have.Secret
		}
	}
	if wanted.Secret == "" && wanted.Type == TypeWebhook {
		wanted.Secret = newSecret()
	}
	if have != nil && reflect.DeepEqual(wanted, have.Destination) {
		return nil
	}
	document, err := wanted.document(version)
	if err != nil {
		return err
	}
	if have == nil {
		_, err = s.Documents.Create(ctx, document)
	} else {
		_, err = s.Documents.Update(ctx, document)
	}
	if err != nil {
		return fmt.Errorf("keep a destination of the configuration: %w", err)
	}
	if have == nil {
		tell(nil, &wanted)
	} else {
		before := have.Destination
		tell(&before, &wanted)
	}
	return nil
}
