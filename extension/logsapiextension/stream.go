package logsapiextension

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"
)

// streamStall is how long a client may take nothing of a streamed answer before it is
// given up. The answer as a whole takes as long as it takes.
const streamStall = time.Minute

// streamedAnswer is a file that is sent while it is made. It writes the head of the
// answer in front of the first byte, so that an error before that can be told, and
// gives every write a time of its own instead of the server's write_timeout, which is
// for whole answers. Its route is unbounded.
type streamedAnswer struct {
	w                 http.ResponseWriter
	contentType, name string
	// encoding is the Content-Encoding of what is written; "" if there is none.
	encoding string

	// mu guards the following, and is held while deadlines of the connection are
	// set: once the answer is cut off, none is extended.
	mu         sync.Mutex
	controller *http.ResponseController
	started    bool
	isCutOff   bool
	// isLost is true when the client has gone, or has taken nothing for streamStall.
	isLost bool
}

// newStreamedAnswer returns an answer of a media type, under the name of a file.
func newStreamedAnswer(w http.ResponseWriter, contentType, name string) (*streamedAnswer, error) {
	// The deadlines that are set for this request must not meet another.
	w.Header().Set("Connection", "close")
	a := &streamedAnswer{w: w, contentType: contentType, name: name, controller: http.NewResponseController(w)}
	return a, a.extend()
}

// stream answers with what write writes. An error before the first byte is returned, to
// be answered as any other; afterwards it is logged under a message and the connection
// is aborted, so that the client cannot take what it has for the whole. Write ends when
// the client goes or the extension stops.
func (e *endpoints) stream(r *http.Request, answer *streamedAnswer, message string, write func(context.Context, io.Writer) error) error {
	if r.Method == http.MethodHead {
		answer.start()
		return nil
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(ctx, answer.cutOff)()
	defer context.AfterFunc(e.stopping, cancel)()

	err := write(ctx, answer)
	if err == nil {
		answer.start()
		return nil
	}
	if !answer.hasStarted() {
		return errors.Join(err, answer.extend())
	}
	if r.Context().Err() == nil && !answer.hasLostItsClient() { // nobody wonders why what nobody waits for ends
		e.logger.Error(message, zap.Error(err))
	}
	panic(http.ErrAbortHandler)
}

// Write implements io.Writer.
func (a *streamedAnswer) Write(data []byte) (int, error) {
	if err := a.extend(); err != nil {
		return 0, err
	}
	a.start()
	n, err := a.w.Write(data)
	if err != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.isLost = !a.isCutOff
	}
	return n, err
}

// hasLostItsClient may be true before the request's context has ended.
func (a *streamedAnswer) hasLostItsClient() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.isLost
}

// start writes the head of the answer, once.
func (a *streamedAnswer) start() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.started {
		return
	}
	a.started = true
	header := a.w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Type", a.contentType)
	header.Set("Content-Disposition", `attachment; filename="`+a.name+`"`)
	if a.encoding != "" {
		header.Set("Content-Encoding", a.encoding)
	}
	a.w.WriteHeader(http.StatusOK)
}

func (a *streamedAnswer) hasStarted() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.started
}

// extend gives the next write its time. The server's read_timeout would end the
// request as well.
func (a *streamedAnswer) extend() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.isCutOff {
		return context.Canceled
	}
	if err := a.controller.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	return a.controller.SetWriteDeadline(time.Now().Add(streamStall))
}

// cutOff ends a write that waits for the client. An answer that has not begun keeps
// its time, to say what is wrong.
func (a *streamedAnswer) cutOff() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.isCutOff = true
	if a.started {
		_ = a.controller.SetWriteDeadline(time.Now()) // without it, the write ends by itself
	}
}
