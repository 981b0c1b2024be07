package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/elasticsearch"
)

// SetupCommand is the command that prints SetupRequests.
const SetupCommand = "docket-elasticsearch"

// Request is one that a client sends to a cluster.
type Request struct {
	Method string
	// Path is from the root of the cluster, beginning with a slash.
	Path string
	// Body is JSON.
	Body json.RawMessage
}

// SetupRequests returns the requests that Setup sends to a new cluster, in their
// order. Whoever sends them may change what the settings of the index template say,
// but not its mappings.
func SetupRequests(config Config, product elasticsearch.Product) ([]Request, error) {
	if err := config.Indices.validate(); err != nil {
		return nil, err
	}
	var requests []Request
	if config.Indices.MaxAge > 0 {
		requests = append(requests, config.policyRequest(product))
	}
	return append(requests, config.templateRequest(product)), nil
}

// Setup makes what indices need in the cluster: the index template and, if the
// configuration asks for it, the policy by which the cluster deletes old ones. It may be
// called again, and by several processes at once.
//
// The template has the version of the mapping in its name and its priority. So an older
// version of Docket puts another template, which does not count beside a newer one.
func (b *Backend) Setup(ctx context.Context) error {
	done, err := b.use(ctx)
	if err != nil {
		return err
	}
	defer done()
	if b.config.IsSetupOff {
		return b.requireTemplate(ctx)
	}
	requests, err := SetupRequests(b.config, b.product)
	if err != nil {
		return err
	}
	for _, request := range requests {
		if err := b.put(ctx, request); err != nil {
			return fmt.Errorf("set up the cluster: %w", err)
		}
	}
	b.logger.Info("set up the cluster", zap.Stringer("product", b.product), zap.String("template", b.config.templateName()))
	return nil
}

// put sends a request of a set-up. OpenSearch replaces a policy only when it is told
// which version of it.
func (b *Backend) put(ctx context.Context, request Request) error {
	_, err := b.client.Do(ctx, request.Method, request.Path, nil, request.Body)
	if elasticsearch.StatusOf(err) != http.StatusConflict {
		return err
	}
	answer, err := b.client.Do(ctx, http.MethodGet, request.Path, nil, nil)
	if err != nil {
		return err
	}
	var current struct {
		SequenceNumber int64 `json:"_seq_no"`
		PrimaryTerm    int64 `json:"_primary_term"`
	}
	if err := json.Unmarshal(answer, &current); err != nil {
		return fmt.Errorf("read the answer of GET %s: %w", request.Path, err)
	}
	_, err = b.client.Do(ctx, request.Method, request.Path, url.Values{
		"if_seq_no":       {strconv.FormatInt(current.SequenceNumber, 10)},
		"if_primary_term": {strconv.FormatInt(current.PrimaryTerm, 10)},
	}, request.Body)
	if elasticsearch.StatusOf(err) == http.StatusConflict {
		return nil // another Docket has replaced it at the same time
	}
	return err
}

// requireTemplate returns an error when the cluster does not have the index template.
func (b *Backend) requireTemplate(ctx context.Context) error {
	name := b.config.templateName()
	_, err := b.client.Do(ctx, http.MethodGet, "/_index_template/"+name, nil, nil)
	switch elasticsearch.StatusOf(err) {
	case http.StatusNotFound:
		return fmt.Errorf("the cluster has no index template %s, and setup is off: "+
			"have somebody send what the command %q prints, or turn setup on", name, SetupCommand)
	case http.StatusForbidden:
		b.logger.Info("the account may not see index templates, so nobody knows whether there is one", zap.String("template", name))
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for the index template: %w", err)
	}
	return nil
}
