package audittrail

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/redact"
)

const (
	// maxWaiting and maxWaitingBytes bound the queue.
	maxWaiting      = 4096
	maxWaitingBytes = 32 << 20
	// minorShare is the part of the queue that failed sign-ins and refused changes may fill.
	minorShare = 4
	// maxBatch is how many records are appended at once.
	maxBatch = 256
	// maxRetry bounds how long a store that cannot take records now is left alone.
	maxRetry = 10 * time.Second
	// shutdownLimit is how long Shutdown waits for the store at most.
	shutdownLimit = 5 * time.Second
)

// Stats are numbers since the start.
type Stats struct {
	// Stored is how many events have a record.
	Stored int64
	// Lost is how many have none, or perhaps none: the store took nothing for so long that
	// the queue was full, or failed, or Docket was stopped meanwhile.
	Lost int64
	// Suppressed is how many failed sign-ins and refused changes have only been counted.
	Suppressed int64
}

// Trail is the audit trail. A nil Trail keeps nothing. It is safe for concurrent use.
type Trail struct {
	writer   logstore.Writer
	logger   *zap.Logger
	redactor *redact.Redactor
	// tag tags a sealed record; nil tags none.
	tag func(record.Record)
	// signIns are failed sign-ins by network, refusals refused changes by actor.
	signIns  *flood[string]
	refusals *flood[Actor]

	stored, lost, suppressed atomic.Int64

	mu sync.Mutex
	// waiting is what is not taken by run yet, waitingBytes its size. Nothing is added
	// once closed is true.
	waiting      []*entry
	waitingBytes int
	closed       bool

	// wake has something in it when there may be something waiting.
	wake chan struct{}
	// closing is closed when Shutdown begins.
	closing chan struct{}
	// writing ends when Shutdown waits no longer.
	writing context.Context //nolint:containedctx // the life of the goroutine
	stop    context.CancelFunc
	running sync.WaitGroup
}

// New returns a trail that writes to a store until Shutdown. The store must outlive it.
// Tag gives a record the tags of the alerts that it matches; nil gives none.
func New(writer logstore.Writer, tag func(record.Record), logger *zap.Logger) *Trail {
	t := &Trail{
		writer: writer, logger: logger, tag: tag, redactor: redact.New(redact.Options{}),
		// The first can be caused by anybody, the second only by those who have a key.
		signIns:  newFlood[string](floodLimits{each: 5, all: 100, sources: 100}),
		refusals: newFlood[Actor](floodLimits{each: 30, all: 100, sources: 100}),
		wake:     make(chan struct{}, 1), closing: make(chan struct{}),
	}
	t.writing, t.stop = context.WithCancel(context.Background())
	t.running.Go(t.run)
	return t
}

// Shutdown stores what waits, for as long as ctx allows and at most for five seconds. It
// may be called again.
func (t *Trail) Shutdown(ctx context.Context) {
	if t == nil {
		return
	}
	t.mu.Lock()
	if !t.closed {
		close(t.closing)
	}
	t.closed = true
	t.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, shutdownLimit)
	defer cancel()
	defer context.AfterFunc(ctx, t.stop)()
	t.running.Wait()
	t.stop()
}

// Stats returns the numbers as they are now.
func (t *Trail) Stats() Stats {
	return Stats{Stored: t.stored.Load(), Lost: t.lost.Load(), Suppressed: t.suppressed.Load()}
}

// Note records an event that happens now. It does not wait, and what is wrong with it
// does not concern the caller.
func (t *Trail) Note(event Event) {
	if t == nil {
		return
	}
	t.add(event, false)
}

// NoteFailedSignIn records that somebody from an origin has shown a key that nobody has;
// or only counts it, when there are too many.
func (t *Trail) NoteFailedSignIn(origin Origin) {
	if t == nil {
		return
	}
	if !t.signIns.note(networkOf(origin.Address)) {
		t.suppressed.Add(1)
		return
	}
	t.add(Event{Action: ActionSignInFailed, Origin: origin, Failure: "the key is wrong or was revoked"}, true)
}

// NoteRefusal records that a change was refused, which event.Failure says why; or only
// counts it, when its actor has tried too often.
func (t *Trail) NoteRefusal(event Event) {
	if t == nil {
		return
	}
	if !t.refusals.note(event.Actor) {
		t.suppressed.Add(1)
		return
	}
	t.add(event, true)
}

func (t *Trail) add(event Event, isMinor bool) {
	e, err := newEntry(event, time.Now())
	e.isMinor = isMinor
	if err != nil {
		t.logger.Error("Part of an event cannot be read and is missing in the audit trail", zap.String("action", string(event.Action)), zap.Error(err))
	}
	if !t.enqueue(e) {
		t.lose([]*entry{e}, "too many events wait to be stored, or Docket is stopping")
		return
	}
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// enqueue returns false when there is no room.
func (t *Trail) enqueue(e *entry) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	limit := maxWaiting
	if e.isMinor {
		limit /= minorShare
	}
	if t.closed || len(t.waiting) >= limit || t.waitingBytes+e.size() > maxWaitingBytes {
		return false
	}
	t.waiting = append(t.waiting, e)
	t.waitingBytes += e.size()
	return true
}

// take returns what has waited longest; last is true when there is nothing and there will
// be nothing.
func (t *Trail) take() (batch []*entry, last bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	count := min(len(t.waiting), maxBatch)
	batch = slices.Clone(t.waiting[:count])
	t.waiting = slices.Delete(t.waiting, 0, count)
	for _, e := range batch {
		t.waitingBytes -= e.size()
	}
	return batch, count == 0 && t.closed
}

// run stores what is noted until Shutdown.
func (t *Trail) run() {
	windows := time.NewTicker(floodWindow)
	defer windows.Stop()
	for {
		batch, last := t.take()
		if len(batch) > 0 {
			t.store(batch)
			continue
		}
		if last {
			if counts := t.countsOfFloods(); len(counts) > 0 {
				t.store(counts)
			}
			return
		}
		select {
		case <-t.wake:
		case <-t.closing:
		case <-windows.C:
			if counts := t.countsOfFloods(); len(counts) > 0 {
				t.store(counts)
			}
		}
	}
}

// countsOfFloods ends a window of what may come in floods.
func (t *Trail) countsOfFloods() []*entry {
	var entries []*entry
	add := func(event Event, count int64) {
		if event.Details == nil {
			event.Details = map[string]any{}
		}
		event.Details["attempts"], event.Details["window"] = count, floodWindow.String()
		event.Failure = "further attempts, which are not recorded one by one"
		if e, err := newEntry(event, time.Now()); err == nil { // numbers and texts can be encoded
			entries = append(entries, e)
		}
	}
	for _, of := range t.signIns.next() {
		event := Event{Action: ActionSignInFailed}
		if of.source != "" {
			event.Details = map[string]any{"network": of.source}
		}
		if _, err := netip.ParseAddr(of.source); err == nil {
			event.Origin.Address = of.source
		}
		add(event, of.count)
	}
	for _, of := range t.refusals.next() {
		if of.source == (Actor{}) {
			of.source.Label = "further keys"
		}
		add(Event{Action: ActionChangesRefused, Actor: of.source}, of.count)
	}
	return entries
}

// store appends records until the store has taken or refused them.
func (t *Trail) store(batch []*entry) {
	if t.writing.Err() != nil {
		t.lose(batch, "Docket has stopped")
		return
	}
	logs, err := newLogs(batch, t.redactor)
	if t.tag != nil {
		for r := range record.All(logs) {
			t.tag(r)
		}
	}
	if err != nil {
		t.logger.Error("Part of what was recorded cannot be read and is missing in the audit trail", zap.Error(err))
	}
	for isWaiting := false; ; isWaiting = true {
		err := t.writer.Append(t.writing, logs)
		if err == nil {
			t.stored.Add(int64(len(batch)))
			return
		}
		unavailable, ok := errors.AsType[*logstore.UnavailableError](err)
		if !ok || t.writing.Err() != nil {
			t.lose(batch, err.Error())
			return
		}
		if !isWaiting {
			t.logger.Warn("The audit trail waits for the log store", zap.Error(err))
		}
		select {
		case <-time.After(min(max(unavailable.RetryAfter, time.Second), maxRetry)):
		case <-t.writing.Done():
			t.lose(batch, err.Error())
			return
		}
	}
}

// lose logs what has no record in the trail.
func (t *Trail) lose(batch []*entry, reason string) {
	t.lost.Add(int64(len(batch)))
	for _, e := range batch {
		t.logger.Error("An event may be missing in the audit trail", zap.String("reason", reason),
			zap.Time("at", e.at), zap.String("action", string(e.event.Action)), zap.String("target", e.event.Target.ID),
			zap.Int64("target_project", e.event.Target.ProjectID), zap.String("key", e.event.Actor.ID), zap.String("client", e.event.Origin.Address))
	}
}
