package logsapiextension

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/docketlog/docket/extension/logsapiextension/internal/posthoglogs"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// follower sends what a tail brings to one client.
//
// The tail is open before the backlog is looked for, so that no record falls between the
// two; a record that both have is sent once. A record that came shortly before the tail
// was opened is in neither, as it takes a while until a search finds it. So the backlog is
// looked for once more after that while:
//
//	 came, not findable     tail is open
//	─────────┬───────────────────┬───────────────┬──────────────────▶
//	         │             backlog is sent   backlog once more: only
//	         └────────────── what is new in it is sent ────────┘
type follower struct {
	*endpoints
	request  *http.Request
	api      posthoglogs.API
	question posthoglogs.TailQuestion
	tail     logstore.Tail
	stream   *eventStream

	// again is when the backlog is looked for once more; zero when it is complete.
	again time.Time
	// hasBacklog is true if the first search found something. oldest is the place of its
	// oldest record if there may be older ones, which nobody asked for.
	hasBacklog bool
	oldest     *logstore.Place
	// arrived is how many records the tail has brought or dropped so far.
	arrived int64
	// sent are the ids of the records that may come a second time: those of the backlog
	// and, until it is complete, those that the tail brought.
	sent map[string]struct{}
	// checked is when the caller was last seen to be one who may read.
	checked time.Time
}

// follow answers with the backlog and then with what comes.
func (f *follower) follow(ctx context.Context, w http.ResponseWriter) error {
	f.checked, f.sent = time.Now(), map[string]struct{}{}
	backlog, err := f.findBacklog(ctx)
	if err != nil {
		return err
	}
	if f.question.Backlog > 0 {
		f.again = time.Now().Add(f.tailTimes.findable)
	}
	if f.stream, err = startEvents(w, f.tailTimes.stall, tailRetry); err != nil {
		return err
	}
	defer context.AfterFunc(f.stopping, func() { f.stream.endWithin(tailGrace) })()
	err = f.send(backlog, true)
	for err == nil {
		err = f.step(ctx)
	}
	f.end(err)
	return nil
}

// step waits for the next thing to do, and does it.
func (f *follower) step(ctx context.Context) error {
	if now := time.Now(); now.Sub(f.checked) >= f.tailTimes.recheck {
		if err := f.mayStillRead(ctx, f.request, f.api.ProjectID); err != nil {
			return err
		}
		f.checked = now
	}
	if !f.again.IsZero() && !time.Now().Before(f.again) {
		return f.completeBacklog(ctx)
	}
	next, cancel := context.WithDeadline(ctx, f.nextWake())
	defer cancel()
	records, dropped, err := f.tail.Next(next)
	switch {
	case err == nil:
		return f.sendLive(records, dropped)
	case ctx.Err() != nil:
		return ctx.Err()
	case !errors.Is(err, context.DeadlineExceeded):
		return err
	case !f.again.IsZero():
		return nil
	default:
		return f.stream.heartbeat()
	}
}

// nextWake is when there is something to do even if nothing comes.
func (f *follower) nextWake() time.Time {
	if !f.again.IsZero() {
		return f.again
	}
	return time.Now().Add(f.tailTimes.heartbeat)
}

// findBacklog returns the newest records, the oldest of them first.
func (f *follower) findBacklog(ctx context.Context) ([]record.Record, error) {
	if f.question.Backlog == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, f.queryTimeout)
	defer cancel()
	found, err := f.reader.Search(ctx, f.backlogQuery(f.question.Backlog))
	if err != nil {
		return nil, fmt.Errorf("search records: %w", err)
	}
	slices.Reverse(found)
	f.hasBacklog = len(found) > 0
	if len(found) == f.question.Backlog {
		oldest := logstore.PlaceOf(found[0])
		f.oldest = &oldest
	}
	return found, nil
}

func (f *follower) backlogQuery(limit int) logstore.Query {
	return logstore.Query{
		ProjectID: f.api.ProjectID, Filter: f.question.Filter, Order: logstore.NewestFirst, Limit: limit,
	}
}

// completeBacklog sends what the first search for the backlog could not find yet: all from
// the first record on that was sent; if none was, the newest from before the tail was
// opened.
func (f *follower) completeBacklog(ctx context.Context) error {
	searching, cancel := context.WithTimeout(ctx, f.queryTimeout)
	defer cancel()
	query := f.backlogQuery(maxLookedAt)
	if f.oldest != nil {
		query.From = f.oldest.Timestamp
	}
	if !f.hasBacklog {
		query.Limit = f.question.Backlog + int(min(f.arrived, maxLookedAt))
	}
	var found []record.Record
	err := logstore.Scan(searching, f.reader, query, func(r record.Record) error {
		if _, isSent := f.sent[r.ID()]; !isSent && !f.isBeforeBacklog(r) {
			found = append(found, r)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("search records: %w", err)
	}
	f.again = time.Time{}
	slices.Reverse(found)
	return f.send(found, true)
}

// maxLookedAt is how many records completeBacklog looks at, at most.
const maxLookedAt = 100_000

// isBeforeBacklog reports whether a record of the backlog's first moment comes before the
// backlog.
func (f *follower) isBeforeBacklog(r record.Record) bool {
	if f.oldest == nil {
		return false
	}
	place := logstore.PlaceOf(r)
	return place.Timestamp.Equal(f.oldest.Timestamp) && place.ID < f.oldest.ID
}

// sendLive sends what the tail has brought. What did not fit in its buffer came last.
func (f *follower) sendLive(records []record.Record, dropped int64) error {
	f.arrived += int64(len(records)) + dropped
	if err := f.send(records, !f.again.IsZero()); err != nil || dropped == 0 {
		return err
	}
	data := append(strconv.AppendInt([]byte(`{"count":`), dropped, 10), '}')
	if err := f.stream.event("dropped", "", data); err != nil {
		return err
	}
	return f.stream.flush()
}

// send sends records that were not sent before. If they may come again, they are
// remembered.
func (f *follower) send(records []record.Record, mayComeAgain bool) error {
	f.api.Now = time.Now()
	for _, r := range records {
		id := r.ID()
		if _, isSent := f.sent[id]; isSent {
			continue
		}
		if mayComeAgain {
			f.sent[id] = struct{}{}
		}
		row, err := f.api.AppendEvent(nil, r)
		if err != nil {
			return err
		}
		if err := f.stream.event("log", posthoglogs.CursorOf(r), row); err != nil {
			return err
		}
	}
	return f.stream.flush()
}

// end tells the client why nothing more comes, if there is one that takes it.
func (f *follower) end(err error) {
	if errors.Is(f.stream.broken, os.ErrDeadlineExceeded) {
		f.logger.Info("A tail was given up, as its client takes nothing")
	}
	if f.stream.broken != nil || f.request.Context().Err() != nil {
		return
	}
	if f.stopping.Err() != nil {
		err = logstore.ErrClosed
	}
	p := problemOf(questionProblem(err))
	if p.status == http.StatusInternalServerError {
		f.logger.Error("A tail failed", zap.Error(err))
	}
	data := append(appendString([]byte(`{"reason":`), p.detail), '}')
	if f.stream.event("end", "", data) == nil {
		_ = f.stream.flush() // the client may have gone
	}
}
