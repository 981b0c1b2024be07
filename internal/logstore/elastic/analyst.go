package elastic

import (
	"context"
	"errors"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// counting answers a question about many records by a tally. It uses one point in time.
type counting struct {
	at   *point
	plan plan
	// all is what is counted.
	all counter
	// byCluster lets the cluster count what the plan is certain about; nil if it cannot.
	byCluster func(ctx context.Context) error
}

// counter is a tally of records.
type counter interface {
	AddRecord(r record.Record) error
	Reset()
}

// count counts. What the cluster cannot count, or only with too many requests, is read.
func (c counting) count(ctx context.Context) error {
	if c.byCluster != nil {
		err := c.byCluster(ctx)
		if err == nil {
			return c.at.decide(ctx, c.plan, c.all.AddRecord)
		}
		if !errors.Is(err, errTooWide) {
			return err
		}
		c.all.Reset()
	}
	return c.at.visit(ctx, c.plan.candidates(), logstore.NewestFirst, func(r record.Record) error {
		if !c.plan.matches(r) {
			return nil
		}
		return c.all.AddRecord(r)
	})
}
