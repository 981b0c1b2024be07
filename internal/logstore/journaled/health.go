package journaled

import (
	"errors"
	"sync"
)

// condition is one way in which a store can be unhealthy.
type condition int

const (
	conditionJournalFailed condition = iota
	conditionJournalFull
	conditionBackendFailed
	conditionCheckpointFailed
	conditionNearlyFull
	conditionSpaceUnknown
	conditions
)

// health is the state of all conditions.
type health struct {
	onChange func(error)

	// changing is held for the entire duration of set, so that the calls of
	// onChange come in order.
	changing sync.Mutex

	// mu guards errs. It is not held during onChange, which may ask for get.
	mu   sync.Mutex
	errs [conditions]error
}

// set records the state of a condition; nil means that all is well with it. Only
// a change between well and unwell is passed on: a backend that fails all the
// time in ever other words is no news.
func (h *health) set(c condition, err error) {
	h.changing.Lock()
	defer h.changing.Unlock()
	h.mu.Lock()
	changed := (h.errs[c] == nil) != (err == nil)
	h.errs[c] = err
	h.mu.Unlock()
	if changed && h.onChange != nil {
		h.onChange(h.get())
	}
}

func (h *health) get() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return errors.Join(h.errs[:]...)
}
