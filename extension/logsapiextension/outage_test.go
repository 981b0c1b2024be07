package logsapiextension

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/component"

	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/elasticsearch"
)

// failingDocuments fail with an error.
type failingDocuments struct {
	docstore.Store
	err error
}

func (d failingDocuments) List(context.Context, string, string) ([]docstore.Document, error) {
	return nil, fmt.Errorf("list views: %w", d.err)
}

func (d failingDocuments) Create(context.Context, docstore.Document) (docstore.Document, error) {
	return docstore.Document{}, fmt.Errorf("create views/1: %w", d.err)
}

// An outage of what keeps the views is no failure of Docket, and passes.
func TestOutageOfTheDocuments(t *testing.T) {
	for _, test := range []struct {
		name       string
		err        error
		status     int
		code       string
		retryAfter string
	}{
		{"no answer", &elasticsearch.UnreachableError{Method: "GET", Path: "/x", Err: errors.New("refused")}, 503, "service_unavailable", "1"},
		{"no shards", &elasticsearch.StatusError{Status: http.StatusServiceUnavailable}, 503, "service_unavailable", "1"},
		{"too much to do", &elasticsearch.StatusError{Status: http.StatusTooManyRequests, RetryAfter: 7 * time.Second}, 503, "service_unavailable", "7"},
		{"a request that is wrong", &elasticsearch.StatusError{Status: http.StatusBadRequest}, 500, "error", ""},
		{"closed", docstore.ErrClosed, 503, "service_unavailable", ""},
		{"another failure", errors.New("disk /secret is gone"), 500, "error", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newServerWithStore(t, nil, func(store *memoryStore) component.Component {
				healthy := healthFunc(func() error { return nil })
				return &storeExtension{store: store, healthReporter: healthy, documents: failingDocuments{err: test.err}}
			})
			for method, body := range map[string]string{http.MethodGet: "", http.MethodPost: `{"name":"a"}`} {
				answer := s.do(request{method: method, path: "/api/projects/1/logs/views/", token: writerToken, body: body})
				assertPostHogError(t, answer, test.status, "server_error", test.code, "")
				assert.Equal(t, test.retryAfter, answer.header.Get("Retry-After"))
				assert.NotContains(t, answer.body, "secret")
			}
		})
	}
}
