package alertingprocessor

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/alert/tagging"
	"github.com/docketlog/docket/internal/record"
)

// rulesOwner is all that is needed of the alerting extension.
type rulesOwner interface {
	// UseRules returns what gives the rules as they are now, which is nil until they are
	// known. From then on alerts are counted by tags, until done is called.
	UseRules() (current func() *tagging.Rules, done func())
}

// tagger tags records.
type tagger struct {
	config *Config

	// rules and done are set by start.
	rules func() *tagging.Rules
	done  func()
}

func (t *tagger) start(_ context.Context, host component.Host) error {
	found, ok := host.GetExtensions()[t.config.Extension]
	if !ok {
		return fmt.Errorf("there is no extension %q: add it to service::extensions, or name the alerting extension in extension",
			t.config.Extension)
	}
	owner, ok := found.(rulesOwner)
	if !ok {
		return fmt.Errorf("the extension %q knows no alerts: name an alerting extension in extension", t.config.Extension)
	}
	t.rules, t.done = owner.UseRules()
	return nil
}

func (t *tagger) shutdown(context.Context) error {
	if t.done != nil {
		t.done()
	}
	return nil
}

// process tags all records of a batch. It keeps no counts: those would double when a
// batch is tried again, and be lost with the process.
func (t *tagger) process(_ context.Context, logs plog.Logs) (plog.Logs, error) {
	rules := t.rules()
	if rules == nil || rules.Len() == 0 {
		return logs, nil // normalize has removed what senders say
	}
	var matches []int
	for _, resource := range logs.ResourceLogs().All() {
		for r := range record.AllOf(resource) {
			matches = rules.Tag(r, r.ProjectID(), matches)
		}
	}
	return logs, nil
}
