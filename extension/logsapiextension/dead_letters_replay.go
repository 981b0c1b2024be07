package logsapiextension

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/docketlog/docket/internal/audittrail"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/requestbody"
	"github.com/docketlog/docket/internal/tenant"
)

// Bounds of one request that replays several dead letters: how many it tries, and
// how long it takes if it has no deadline.
const (
	maxReplays    = 1000
	maxReplayTime = 10 * time.Second
)

// replayDeadLetter answers 202: the record is durable, and will be found unless the
// backend refuses it again.
func (e *endpoints) replayDeadLetter(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error {
	letter, err := e.visible(r, caller)
	if err != nil {
		return err
	}
	if err := e.deadLetters.ReplayDeadLetter(r.Context(), letter.ID); err != nil {
		return fmt.Errorf("replay a dead letter: %w", err)
	}
	e.noteDeadLetter(r, audittrail.ActionDeadLetterReplay, letter.ID, letter.ProjectID)
	return writeJSON(w, http.StatusAccepted, map[string]string{"status": "replayed"})
}

// replays is what has become of a request to replay several dead letters.
type replays struct {
	Replayed int            `json:"replayed"`
	Failed   []failedReplay `json:"failed"`
	// Remaining is true when there may be more to replay, behind After.
	Remaining bool `json:"remaining"`
	// After is the id of the last dead letter that was tried, or what the request
	// had for it.
	After *string `json:"after"`
}

// failedReplay is a dead letter that is still there.
type failedReplay struct {
	ID     string `json:"id"`
	Detail string `json:"detail"`
}

// replayDeadLetters takes {project_id?, after?}.
func (e *endpoints) replayDeadLetters(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error {
	var project string
	query := logstore.DeadLetterQuery{Limit: maxDeadLetterPage}
	err := readFields(r, []requestbody.Field{
		{Name: "project_id", Nullable: true, As: requestbody.Text{Into: &project, MayBeBlank: true}},
		{Name: "after", Nullable: true, As: requestbody.Text{Into: &query.After, MayBeBlank: true}},
	})
	if err != nil {
		return err
	}
	if err := checkAfter(query.After); err != nil {
		return err
	}
	if query.Projects, err = projectsOf(caller, project); err != nil {
		return err
	}
	answer, err := e.replayAll(r.Context(), query)
	if err != nil {
		return err
	}
	e.note(r, audittrail.Event{
		Action: audittrail.ActionDeadLetterReplay, Target: audittrail.Target{Type: "dead_letter"},
		Details: map[string]any{"projects": query.Projects, "replayed": answer.Replayed, "failed": len(answer.Failed)},
	})
	return writeJSON(w, http.StatusAccepted, answer)
}

// replayAll replays the selected dead letters that were refused before it began,
// until it has tried maxReplays or half of the request's time is over. It returns an
// error only when nothing was replayed.
func (e *endpoints) replayAll(ctx context.Context, query logstore.DeadLetterQuery) (replays, error) {
	began := time.Now()
	enough := began.Add(maxReplayTime)
	if deadline, ok := ctx.Deadline(); ok {
		enough = began.Add(deadline.Sub(began) / 2)
	}
	done := replays{Failed: []failedReplay{}}
	for tried := 0; ; {
		letters, err := e.deadLetters.ListDeadLetters(ctx, query)
		if err != nil {
			return done.stopped(query, fmt.Errorf("list dead letters: %w", err))
		}
		for _, letter := range letters {
			if !letter.RefusedAt.Before(began) {
				return done.ended(query, false), nil // refused again, perhaps, and not to be tried for ever
			}
			if tried == maxReplays || time.Now().After(enough) {
				return done.ended(query, true), nil
			}
			if err := done.note(letter.ID, e.deadLetters.ReplayDeadLetter(ctx, letter.ID)); err != nil {
				return done.stopped(query, fmt.Errorf("replay a dead letter: %w", err))
			}
			query.After = letter.ID
			tried++
		}
		if len(letters) == 0 {
			return done.ended(query, false), nil
		}
	}
}

// note notes what has become of one dead letter. It returns an error that is not
// about that one.
func (d *replays) note(id string, err error) error {
	if err == nil {
		d.Replayed++
		return nil
	}
	if errors.Is(err, logstore.ErrNoDeadLetter) {
		return nil // somebody else has replayed or deleted it
	}
	if about, ok := errors.AsType[*problem](deadLetterProblem(err)); ok {
		d.Failed = append(d.Failed, failedReplay{id, about.detail})
		return nil
	}
	return err
}

// stopped is the answer when an error keeps from going on.
func (d *replays) stopped(query logstore.DeadLetterQuery, err error) (replays, error) {
	if d.Replayed == 0 {
		return replays{}, err
	}
	return d.ended(query, true), nil
}

func (d *replays) ended(query logstore.DeadLetterQuery, remaining bool) replays {
	d.Remaining = remaining
	if query.After != "" {
		d.After = &query.After
	}
	return *d
}
