package alertstore

import (
	"maps"
	"sync"

	"github.com/docketlog/docket/internal/docstore"
)

// readAlerts are alerts by the ids of their documents. Alerts are listed whenever any has
// changed, and decoding those that have not would take most of that time.
type readAlerts struct {
	mu     sync.Mutex
	alerts map[string]Alert
}

// decode returns the alerts of documents, which are all that there are with a prefix, and
// remembers them.
func (r *readAlerts) decode(documents []docstore.Document, prefix string) ([]Alert, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.alerts == nil {
		r.alerts = make(map[string]Alert, len(documents))
	}
	alerts := make([]Alert, len(documents))
	for i, document := range documents {
		// A version never names another content.
		a, ok := r.alerts[document.ID]
		if !ok || a.version != document.Version {
			var err error
			if a, err = decode(document); err != nil {
				return nil, err
			}
			r.alerts[document.ID] = a
		}
		alerts[i] = a
	}
	if prefix == "" && len(r.alerts) > len(documents) {
		r.forget(documents)
	}
	return alerts, nil
}

// forget forgets alerts that there are no more.
func (r *readAlerts) forget(documents []docstore.Document) {
	listed := make(map[string]struct{}, len(documents))
	for _, document := range documents {
		listed[document.ID] = struct{}{}
	}
	maps.DeleteFunc(r.alerts, func(id string, _ Alert) bool {
		_, isThere := listed[id]
		return !isThere
	})
}
