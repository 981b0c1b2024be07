package alertingextension

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	_ "time/tzdata" // quiet hours have time zones, and small machines know none

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"

	"github.com/docketlog/docket/extension/alertingextension/internal/metadata"
	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/evaluation"
	"github.com/docketlog/docket/internal/alert/eventrecord"
	"github.com/docketlog/docket/internal/alert/notify"
	"github.com/docketlog/docket/internal/alert/provisioning"
	"github.com/docketlog/docket/internal/alert/tagging"
	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/dates"
	"github.com/docketlog/docket/internal/filter/posthog"
	"github.com/docketlog/docket/internal/logstore"
)

// Extension is what other components use of the alerting extension. They find it by its
// configured id, and name that in Dependencies.
type Extension interface {
	extension.Extension
	// Alerts, Destinations and Deliveries keep what the API changes and shows. They may
	// be used after Start.
	Alerts() *alertstore.Store
	Destinations() notify.Destinations
	Deliveries() notify.Deliveries
	// Deliver sees to it that transitions of an alert are announced and, if that is wanted,
	// become records. It may be called again with the same ones.
	Deliver(ctx context.Context, of alertstore.Alert, all []alertstore.Transition) error
	// Test sends a message to a destination at once, and says what came of it.
	Test(ctx context.Context, destination notify.Destination, message notify.Message) notify.Attempt
	// CheckInterval is the time between two checks, and MaxAlerts how many alerts a
	// project may have, 0 for any number.
	CheckInterval() time.Duration
	MaxAlerts() int
	// AllowsPrivateWebhooks reports whether destinations may be no public addresses.
	AllowsPrivateWebhooks() bool
	// GroupLimits bound the groups of an alert.
	GroupLimits() alert.GroupLimits
	// ExternalURL is the address of the web page, without a slash at its end; "" if it is
	// not known.
	ExternalURL() string
	// UseRules returns what gives the rules as they are now, which is nil until they are
	// known. From then on alerts are counted by tags, until done is called.
	UseRules() (current func() *tagging.Rules, done func())
	// ObserveProvisioning tells of each change that this process makes to the alerts of the
	// configuration, once: also of those that it has made before. Only the first observer is
	// told, and only one that asks when it starts. It must not wait for anything.
	ObserveProvisioning(observe func(provisioning.Change))
	// ConsumeEvents makes consume be given the records of what happens to alerts, once the
	// log store has them, by the replica that holds the lease. Whoever wants them asks when
	// it starts; there can be one only. stop waits for a call that is under way, which it
	// cuts off. The error says what to do if there are no such records.
	ConsumeEvents(consume EventConsumer) (stop func(), err error)
	// Rules returns the rules as they are now, nil until they are known, for whoever tags
	// records beside the pipelines.
	Rules() *tagging.Rules
}

// alerting is the extension.
type alerting struct {
	config    *Config
	settings  extension.Settings
	telemetry *metadata.TelemetryBuilder

	rules       atomic.Pointer[tagging.Rules]
	provisioned provisionedChanges
	// taggers counts the processors that tag records.
	taggers atomic.Int64
	// taker takes the records of events beside the log store.
	taker taker

	// What follows is set by Start.
	alerts     *alertstore.Store
	deliveries notify.Deliveries
	sender     *notify.Sender
	// events are the transitions that wait to become records, which storeEvents makes of
	// them; nil if there are to be none.
	events      *eventrecord.Outbox
	storeEvents func(context.Context) error
	// eventsWait is true if there may be some.
	eventsWait atomic.Bool
	working    sync.WaitGroup
	stop       context.CancelFunc
}

var (
	_ Extension                             = (*alerting)(nil)
	_ extensioncapabilities.Dependent       = (*alerting)(nil)
	_ extensioncapabilities.PipelineWatcher = (*alerting)(nil)
)

// logStore is all that is needed of the log_store extension.
type logStore interface {
	Documents() docstore.Store
	LogStore() logstore.Store
	RequestFinder() logstore.RequestFinder
}

func newAlerting(config *Config, settings extension.Settings) (*alerting, error) {
	telemetry, err := metadata.NewTelemetryBuilder(settings.TelemetrySettings)
	if err != nil {
		return nil, fmt.Errorf("create the metrics of %s: %w", settings.ID, err)
	}
	return &alerting{config: config, settings: settings, telemetry: telemetry}, nil
}

// Dependencies implements extensioncapabilities.Dependent.
func (a *alerting) Dependencies() []component.ID { return []component.ID{a.config.Store} }

// Start implements component.Component.
func (a *alerting) Start(_ context.Context, host component.Host) error {
	store, records, err := a.findStore(host)
	if err != nil {
		return err
	}
	documents := store.Documents()
	a.alerts = alertstore.New(documents, time.Now)
	a.deliveries = notify.Deliveries{
		Documents: documents, Destinations: notify.Destinations{Documents: documents, Now: time.Now}, Now: time.Now,
		Waiting: new(atomic.Bool),
	}
	a.sender = notify.NewSender(notify.Settings{
		Deliveries: a.deliveries, AllowPrivate: a.config.AllowPrivateWebhooks, SlackTokens: a.config.slackTokens(),
		SlackURL: notify.DefaultSlackURL, PagerDutyURL: notify.DefaultPagerDutyURL, Mail: a.config.mail(),
		Now: time.Now, Logger: a.settings.Logger,
	})
	a.keepEvents(store)
	wanted, err := a.config.provisioned()
	if err != nil {
		return err
	}
	evaluator := evaluation.New(evaluation.Config{
		Alerts: a.alerts, Records: records, Reader: store.LogStore(), Interval: a.config.CheckInterval, Grace: a.config.Grace, IsTagging: a.isTagging,
		Compile: compile, IsQuiet: isQuiet, Announce: a.announce, Deliver: a.Deliver,
		Groups: a.GroupLimits(), QueryTimeout: a.config.QueryTimeout, Now: time.Now, Logger: a.settings.Logger,
	})
	err = a.telemetry.RegisterAlertingAlertsCallback(a.observeAlerts)
	if err != nil {
		return fmt.Errorf("register the metrics: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	a.stop = stop
	a.work(ctx, documents, evaluator)
	a.provision(ctx, wanted)
	return nil
}

// Shutdown implements component.Component. A check or a delivery that is under way is cut
// off, and made again after the next start.
func (a *alerting) Shutdown(context.Context) error {
	if a.stop != nil {
		a.stop()
		a.working.Wait()
		a.sender.Close()
	}
	a.telemetry.Shutdown()
	return nil
}

// keepEvents makes records of events, if that is wanted and the log store takes any.
func (a *alerting) keepEvents(store logStore) {
	writer, known := store.LogStore(), store.RequestFinder()
	if view, ok := writer.(interface{ ReadOnly() error }); !a.config.EventRecords || ok && view.ReadOnly() != nil {
		return
	}
	a.events = &eventrecord.Outbox{Documents: store.Documents(), Now: time.Now, IsHandedOn: a.taker.isWaitedFor}
	a.storeEvents = func(ctx context.Context) error { return a.events.Store(ctx, writer, known) }
}

func (a *alerting) findStore(host component.Host) (logStore, evaluation.Records, error) {
	found, ok := host.GetExtensions()[a.config.Store]
	if !ok {
		return nil, nil, fmt.Errorf("there is no extension %q: add it to service::extensions, or name the log_store extension in store", a.config.Store)
	}
	store, ok := found.(logStore)
	if !ok {
		return nil, nil, fmt.Errorf("the extension %q keeps no records: name a log_store extension in store", a.config.Store)
	}
	records, ok := store.LogStore().(evaluation.Records)
	if !ok {
		return nil, nil, fmt.Errorf("the extension %q cannot count records: name another log_store extension in store", a.config.Store)
	}
	return store, records, nil
}

// compile reads the filters of an alert, which select no records of alerts. Dates in them
// that are relative are so to now.
func compile(filters json.RawMessage) (filter.Expression, error) {
	selected, err := posthog.ParseAlert(filters, dates.Clock{Now: time.Now()})
	if err != nil {
		return nil, err
	}
	return eventrecord.Countable(selected), nil
}

// announce completes a transition with what its notification tells.
func (a *alerting) announce(of alertstore.Alert, t *alertstore.Transition) {
	text, err := json.Marshal(notify.NewMessage(of, *t, a.ExternalURL()))
	if err == nil { // a message has nothing that JSON has not
		t.Announced = text
	}
}

func (a *alerting) isTagging() bool {
	return a.config.CountBy == countByTags && a.taggers.Load() > 0
}

func (a *alerting) Alerts() *alertstore.Store { return a.alerts }

func (a *alerting) Destinations() notify.Destinations { return a.deliveries.Destinations }

func (a *alerting) Deliveries() notify.Deliveries { return a.deliveries }

func (a *alerting) Deliver(ctx context.Context, of alertstore.Alert, all []alertstore.Transition) error {
	if a.events != nil {
		for _, t := range all {
			if err := a.events.Add(ctx, of, t); err != nil {
				return err
			}
			a.eventsWait.Store(true)
		}
	}
	return a.deliveries.Add(ctx, of, all)
}

func (a *alerting) Test(ctx context.Context, destination notify.Destination, message notify.Message) notify.Attempt {
	return a.sender.Test(ctx, "test."+destination.ID, destination, message)
}

func (a *alerting) CheckInterval() time.Duration { return a.config.CheckInterval }

func (a *alerting) GroupLimits() alert.GroupLimits {
	return alert.GroupLimits{AtMost: a.config.MaxGroupsPerAlert, Memory: alert.GroupMemory}
}

func (a *alerting) MaxAlerts() int { return a.config.MaxAlertsPerProject }

func (a *alerting) AllowsPrivateWebhooks() bool { return a.config.AllowPrivateWebhooks }

func (a *alerting) ExternalURL() string { return strings.TrimRight(a.config.ExternalURL, "/") }

func (a *alerting) UseRules() (current func() *tagging.Rules, done func()) {
	a.taggers.Add(1)
	return a.rules.Load, sync.OnceFunc(func() { a.taggers.Add(-1) })
}

func (a *alerting) Rules() *tagging.Rules { return a.rules.Load() }
