package auditlogreceiver

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	// drainQuiet is how long no request may have begun or ended until the
	// connections that are left count as idle. A client that goes on after an answer
	// does so within that time.
	drainQuiet = 100 * time.Millisecond
	// drainLimit bounds the wait for such a while.
	drainLimit = time.Second
	// drainPoll is how often wait looks.
	drainPoll = 5 * time.Millisecond
)

// drain is the outermost handler of a server, which ends keep-alive connections at a moment of which the
// client knows.
//
// A server that closes a connection while the client sends its next request leaves
// the client without an answer, and not knowing whether its records were stored.
// http.Server.Shutdown and SetKeepAlivesEnabled(false) both close idle connections
// so. Instead, once begin is called, every answer says "Connection: close", which
// net/http then does, and the requests that still come are served: a busy
// connection ends with its next answer, and wait returns when there are only idle
// ones, or none.
type drain struct {
	next http.Handler
	// draining is true from begin on.
	draining atomic.Bool
	// active is when a request began or ended last, as the time since epoch.
	active atomic.Int64
	epoch  time.Time
	// open is the number of connections.
	open atomic.Int64
}

// newDrain puts a drain in front of the server's handler.
func newDrain(server *http.Server) *drain {
	d := &drain{next: server.Handler, epoch: time.Now()}
	d.active.Store(int64(-drainQuiet))
	server.Handler, server.ConnState = d, d.noteConnection
	return d
}

func (d *drain) noteConnection(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		d.open.Add(1)
	case http.StateClosed, http.StateHijacked:
		d.open.Add(-1)
	case http.StateActive, http.StateIdle:
	}
}

// ServeHTTP implements http.Handler.
func (d *drain) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.noteActivity()
	defer d.noteActivity()
	if d.draining.Load() {
		w.Header().Set("Connection", "close")
	}
	d.next.ServeHTTP(w, r)
}

func (d *drain) noteActivity() { d.active.Store(int64(time.Since(d.epoch))) }

// begin makes every answer to a request that comes from now on the last one on its
// connection.
func (d *drain) begin() { d.draining.Store(true) }

// wait returns when no connection is open, when no request has begun or ended for
// drainQuiet, after drainLimit, or when ctx ends: at once when there is no traffic.
func (d *drain) wait(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, drainLimit)
	defer cancel()
	poll := time.NewTicker(drainPoll)
	defer poll.Stop()
	for d.open.Load() > 0 && time.Since(d.epoch)-time.Duration(d.active.Load()) < drainQuiet {
		select {
		case <-ctx.Done():
			return
		case <-poll.C:
		}
	}
}
