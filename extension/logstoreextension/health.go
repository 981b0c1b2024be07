package logstoreextension

import (
	"errors"
	"sync"
)

// healthParts is the health of several parts as that of the whole.
type healthParts struct {
	// onChange is called with the health of the whole when that of a part has changed.
	onChange func(error)

	// mu is held during onChange, so that its calls come in order. It guards errs.
	mu   sync.Mutex
	errs map[string]error
}

// of returns the function by which a part reports its health.
func (h *healthParts) of(part string) func(error) {
	return func(err error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.errs == nil {
			h.errs = map[string]error{}
		}
		h.errs[part] = err
		h.onChange(errors.Join(h.errs["records"], h.errs["cluster"]))
	}
}
