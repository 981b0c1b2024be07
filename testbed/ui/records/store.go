package records

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/testbed/client"
)

// Store stores count records up to a moment, and some audit events of now in LogHub's format.
func Store(ctx context.Context, c *client.Client, count int, until time.Time) error {
	for logs := range Batches(count, until) {
		if err := post(ctx, c, logs); err != nil {
			return err
		}
	}
	if count == 0 {
		return nil
	}
	for _, event := range events {
		answer, err := c.LogHub(ctx, "default", event)
		if err := expectOK(answer, err); err != nil {
			return err
		}
	}
	return nil
}

// StoreSome stores a few records of now, other ones each time.
func StoreSome(ctx context.Context, c *client.Client, count int, now time.Time) error {
	random := rand.New(rand.NewPCG(uint64(now.UnixNano()), 1)) //nolint:gosec // not secret
	some := newLogs()
	for range count {
		kind := pick(random, kinds)
		fill(some.record(now, kind.service), random, kind)
	}
	return post(ctx, c, some.all)
}

// events are audit events in LogHub's format.
var events = []string{ //nolint:gochecknoglobals // a table
	`{"actor": {"type": "user", "data": {"name": "Jo Wick", "email": "jo@example.com", "internal_id": "42"}},
		"action": "settings.updated", "external_id": "workspace-7",
		"metadata": {"old": {"theme": "dark", "digest": {"day": "mon", "hour": 8}}, "new": {"theme": "light", "digest": {"day": "fri", "hour": 8}}},
		"tags": ["production"], "context": {"location": "192.0.2.7", "user_agent": "Firefox"}}`,
	`{"actor": {"type": "system", "data": {"description": "Nightly price update"}}, "action": "prices.updated", "external_id": "workspace-7",
		"metadata": {"changed": 118}, "context": {}, "message": "118 prices updated"}`,
	`{"actor": {"type": "user", "data": {"name": "<b>Bobby</b> Tables", "email": "bobby@example.com", "internal_id": "13"}},
		"action": "member.removed", "external_id": 7, "metadata": {"old": {"name": "<script>window.docketWasHacked=1</script>", "roles": ["admin"]}, "new": null},
		"context": {"location": "192.0.2.9"}}`,
}

func post(ctx context.Context, c *client.Client, logs plog.Logs) error {
	answer, err := c.OTLPProtobuf(ctx, logs)
	return expectOK(answer, err)
}

func expectOK(answer client.Response, err error) error {
	if err != nil {
		return err
	}
	if answer.Status >= http.StatusMultipleChoices {
		return fmt.Errorf("post records: %w", &client.StatusError{Response: answer})
	}
	return nil
}
