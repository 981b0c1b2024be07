package logsapiextension

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// eventStream is an answer of server-sent events. It takes as long as it takes; each
// write has a time of its own instead of the server's write_timeout. Its route is
// unbounded.
type eventStream struct {
	w http.ResponseWriter
	// stall is how long a client may take nothing before a write fails.
	stall  time.Duration
	buffer []byte
	// broken is why a write failed: the client has gone or takes nothing.
	broken error

	// mu guards last, and is held while the deadline of the connection is set: after
	// last, no write goes on. Zero is no bound.
	mu         sync.Mutex
	last       time.Time
	controller *http.ResponseController
}

// startEvents writes the head of the answer, and how long a client should wait before it
// connects again. After an error, nothing is written.
func startEvents(w http.ResponseWriter, stall, retry time.Duration) (*eventStream, error) {
	s := &eventStream{w: w, stall: stall, controller: http.NewResponseController(w)}
	// The server's read_timeout would end the request.
	if err := s.controller.SetReadDeadline(time.Time{}); err != nil {
		return nil, err
	}
	header := w.Header()
	// The deadlines that are set for this request must not meet another.
	header.Set("Connection", "close")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Accel-Buffering", "no") // proxies that collect answers should not
	header.Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	s.buffer = append(s.buffer, "retry: "...)
	s.buffer = strconv.AppendInt(s.buffer, retry.Milliseconds(), 10)
	s.buffer = append(s.buffer, "\n\n"...)
	_ = s.flush() // if the client has gone, the next one fails too
	return s, nil
}

// event sends an event whose data is one line, with the next flush or at once if a lot
// waits for that. An id of "" is none.
func (s *eventStream) event(name, id string, data []byte) error {
	if id != "" {
		s.buffer = append(append(append(s.buffer, "id: "...), id...), '\n')
	}
	s.buffer = append(append(append(s.buffer, "event: "...), name...), '\n')
	s.buffer = append(append(append(s.buffer, "data: "...), data...), "\n\n"...)
	if len(s.buffer) >= flushSize {
		return s.flush()
	}
	return nil
}

// heartbeat sends a line that says nothing, so that the client and all in between see
// that the connection lives.
func (s *eventStream) heartbeat() error {
	s.buffer = append(s.buffer, ": heartbeat\n\n"...)
	return s.flush()
}

// flush sends what waits.
func (s *eventStream) flush() error {
	if len(s.buffer) == 0 {
		return nil
	}
	err := s.extend()
	if err == nil {
		_, err = s.w.Write(s.buffer)
	}
	if err == nil {
		err = s.controller.Flush()
	}
	if err != nil {
		s.broken = err
	}
	if s.buffer = s.buffer[:0]; cap(s.buffer) > 4*flushSize {
		s.buffer = nil // a large record does not keep its space for as long as the stream
	}
	return err
}

// extend gives the next write its time.
func (s *eventStream) extend() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	deadline := time.Now().Add(s.stall)
	if !s.last.IsZero() && deadline.After(s.last) {
		deadline = s.last
	}
	return s.controller.SetWriteDeadline(deadline)
}

// endWithin ends all writes within a while, also one that waits for the client now.
func (s *eventStream) endWithin(grace time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Now().Add(grace)
	_ = s.controller.SetWriteDeadline(s.last) // without it, the write ends by itself
}
