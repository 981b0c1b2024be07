package logstoreextension

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configcompression"

	documents "github.com/docketlog/docket/internal/docstore/elastic"
	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/logstore/elastic"
)

// newClient returns a client of the configured cluster; it sends nothing yet.
func (s *store) newClient(ctx context.Context, host component.Host, config *ElasticsearchConfig) (*elasticsearch.Client, error) {
	urls, err := config.urls()
	if err != nil {
		return nil, err
	}
	transportConfig := config.ClientConfig.http()
	// The client does these itself, so that an answer that does not end is one, and that
	// requests are compressed once.
	transportConfig.Timeout, transportConfig.Compression = 0, ""
	telemetry := s.settings.TelemetrySettings
	telemetry.TracerProvider = nil // its spans would tell about every request of ours
	transport, err := transportConfig.ToClient(ctx, host.GetExtensions(), telemetry)
	if err != nil {
		return nil, fmt.Errorf("prepare the connection to the cluster: %w", err)
	}
	return elasticsearch.NewClient(elasticsearch.Config{
		URLs: urls, Transport: transport.Transport,
		Username: config.User, Password: string(config.Password),
		APIKey: string(config.APIKey), BearerToken: string(config.BearerToken),
		CompressRequests: config.ClientConfig.Compression == configcompression.TypeGzip,
		DiscoverNodes:    config.DiscoverNodesInterval,
		UserAgent:        s.settings.BuildInfo.Command + "/" + s.settings.BuildInfo.Version,
		Timeout:          config.ClientConfig.Timeout,
		Logger:           s.settings.Logger,
	})
}

// connect makes the stores, and in the cluster what they need.
func (s *store) connect(
	ctx context.Context, client *elasticsearch.Client, config *ElasticsearchConfig,
) (_ *elastic.Backend, _ *documents.Store, err error) {
	product, err := client.Detect(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := product.Supported(); err != nil {
		return nil, nil, err
	}
	records, err := elastic.New(elastic.Config{
		Client: client, Product: product, Prefix: config.IndexPrefix, Indices: config.indices(),
		IsSetupOff: config.Setup == setupOff, MaxBulkBytes: config.BulkSizeMiB * mib,
		MaxDocumentBytes: config.MaxDocumentMiB * mib, DailyAge: config.DailyIndexAge, Logger: s.settings.Logger,
	})
	if err != nil {
		return nil, nil, err
	}
	if err := records.Setup(ctx); err != nil {
		return nil, nil, errors.Join(err, records.Close())
	}
	kept, err := documents.Open(ctx, documents.Config{
		Client: client, Prefix: config.IndexPrefix, SetupOff: config.Setup == setupOff,
	})
	if err != nil {
		return nil, nil, errors.Join(err, records.Close())
	}
	return records, kept, nil
}

// isUnsupported says that no patience helps.
func isUnsupported(err error) bool {
	_, ok := errors.AsType[*elasticsearch.UnsupportedError](err)
	return ok
}

// isOutage says of an error of a store in a cluster that the cluster cannot answer
// now, or not to these credentials.
func isOutage(err error) bool {
	if _, ok := errors.AsType[*elasticsearch.UnreachableError](err); ok {
		return true
	}
	switch status := elasticsearch.StatusOf(err); status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	default:
		return status >= http.StatusInternalServerError
	}
}

// isPassing says that a shard does not answer, which it will in a moment if it is that of
// a new index, or if another copy takes over.
func isPassing(err error) bool {
	return elasticsearch.StatusOf(err) == http.StatusServiceUnavailable
}
