package logsapiextension

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/docketlog/docket/extension/logsapiextension/internal/posthoglogs"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/tenant"
)

const (
	// tailBuffer is how many records wait for a client that is slower than they come.
	tailBuffer = 1000
	// tailRetry is how long a client should wait before it follows again.
	tailRetry = 2 * time.Second
	// tailBusyRetry is the same for one that finds too many others.
	tailBusyRetry = 10 * time.Second
	// tailGrace is how long the last event may take when the extension stops.
	tailGrace = time.Second
)

// tailTimes are the times of a tail; those of tests are shorter.
type tailTimes struct {
	// heartbeat is how long nothing is sent at most.
	heartbeat time.Duration
	// recheck is how often it is asked whether the caller may still read.
	recheck time.Duration
	// stall is how long a client may take nothing.
	stall time.Duration
	// findable is how long after it came a record may not be found by a search yet:
	// what logstore.Writer promises, and some more.
	findable time.Duration
}

func defaultTailTimes() tailTimes {
	return tailTimes{
		heartbeat: 15 * time.Second, recheck: 30 * time.Second, stall: time.Minute, findable: 3 * time.Second,
	}
}

// tailRoutes are those that follow records as they come; docs/tail.md is their reference.
func (e *endpoints) tailRoutes() []route {
	var all []route
	for _, base := range questionBases() {
		all = append(all, route{path: base + "tail", shape: questionShape, unbounded: true, methods: map[string]endpoint{
			http.MethodGet: e.guardRecords(e.getTail),
		}})
	}
	return all
}

// getTail sends records as they come, until the client goes, may no longer read them, or
// the extension stops.
func (e *endpoints) getTail(w http.ResponseWriter, r *http.Request, api posthoglogs.API) error {
	parameters, err := parametersOf(r)
	if err != nil {
		return err
	}
	question, err := api.ParseTail(parameters)
	if err != nil {
		return err
	}
	tailer, ok := e.reader.(logstore.Tailer)
	if !ok {
		return &problem{
			status: http.StatusNotImplemented, code: codeNotImplemented, detail: "The configured log store cannot be followed.",
		}
	}
	if r.Method == http.MethodHead {
		_, err := startEvents(w, e.tailTimes.stall, tailRetry)
		return err
	}
	leave, ok := e.tails.enter()
	if !ok {
		return &problem{
			status: http.StatusTooManyRequests, code: codeThrottled, retryAfter: tailBusyRetry,
			detail: "Too many clients follow records already. Please try again later, or ask for a higher tail::max_connections.",
		}
	}
	defer leave()
	tail, err := tailer.Tail(api.ProjectID, question.Filter, tailBuffer)
	if err != nil {
		return fmt.Errorf("follow records: %w", err)
	}
	defer tail.Close()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(e.stopping, cancel)()
	return (&follower{endpoints: e, request: r, api: api, question: question, tail: tail}).follow(ctx, w)
}

// mayStillRead returns an error when the caller of a request may no longer read the
// project that it is about.
func (e *endpoints) mayStillRead(ctx context.Context, r *http.Request, projectID int64) error {
	caller, err := e.directory.Authenticate(ctx, credentialsOf(r))
	if err != nil {
		return err
	}
	if err := caller.Can(tenant.ScopeRead); err != nil {
		return err
	}
	project, err := e.findProject(r, caller)
	if err == nil && project.ID != projectID {
		err = &tenant.Error{Reason: tenant.ReasonUnknownProject, Message: "the key is for another project now"}
	}
	return err
}

// seats bounds how many do something at the same time.
type seats chan struct{}

// enter takes a seat, to be left by the returned function; ok is false if there is none.
func (s seats) enter() (leave func(), ok bool) {
	select {
	case s <- struct{}{}:
		return func() { <-s }, true
	default:
		return nil, false
	}
}
