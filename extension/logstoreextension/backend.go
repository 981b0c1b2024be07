package logstoreextension

import (
	"context"
	"errors"
	"sync/atomic"

	"go.opentelemetry.io/collector/component"

	"github.com/docketlog/docket/extension/logstoreextension/internal/cluster"
	"github.com/docketlog/docket/internal/docstore"
	documents "github.com/docketlog/docket/internal/docstore/embedded"
	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/logstore/elastic"
	records "github.com/docketlog/docket/internal/logstore/embedded"
)

// backend is what keeps records and documents.
type backend struct {
	// records belongs to whoever asked for the backend.
	records   cluster.Backend
	documents docstore.Store
	// embedded are the documents if they are in the data folder, else nil.
	embedded *documents.Store
	// cluster is what records and documents are in, if they are in one, else nil.
	cluster *cluster.Cluster
	// elastic are the records in the cluster, once it is connected.
	elastic atomic.Pointer[elastic.Backend]
	// close closes all but the records.
	close func(context.Context) error
}

// health is why a cluster cannot be used; nil when it can, or there is none.
func (b *backend) health() error {
	if b.cluster == nil {
		return nil
	}
	return b.cluster.Health()
}

func (s *store) openBackend(ctx context.Context, host component.Host, health *healthParts) (*backend, error) {
	switch {
	case s.config.readOnly() != nil:
		return s.openView(ctx, host, health.of("cluster"))
	case s.config.isCluster():
		return s.openCluster(ctx, host, health.of("cluster"))
	default:
		return s.openEmbedded()
	}
}

// openEmbedded opens what is in the data folder.
func (s *store) openEmbedded() (*backend, error) {
	kept, err := documents.Open(s.config.documentsFile())
	if err != nil {
		return nil, err
	}
	config := s.config.embedded()
	limits := config.Queries.limits()
	engine, err := records.Open(records.Config{
		Directory:        s.config.recordsDirectory(),
		MemoryLimitBytes: config.MemoryLimitMiB * mib,
		Limits:           &limits,
		Logger:           s.settings.Logger,
	})
	if err != nil {
		return nil, errors.Join(err, kept.Close())
	}
	return &backend{
		records: engine, documents: kept, embedded: kept,
		close: func(context.Context) error { return kept.Close() },
	}, nil
}

// openCluster begins to connect to a cluster.
func (s *store) openCluster(ctx context.Context, host component.Host, onHealth func(error)) (*backend, error) {
	config := s.config.Elasticsearch.Get()
	client, err := s.newClient(ctx, host, config)
	if err != nil {
		return nil, err
	}
	opening := &backend{}
	opened, err := s.watchCluster(ctx, client, onHealth, func(ctx context.Context) (cluster.Stores, error) {
		kept, documents, err := s.connect(ctx, client, config)
		if err != nil {
			return cluster.Stores{}, err
		}
		opening.elastic.Store(kept)
		return cluster.Stores{Records: kept, Documents: documents}, nil
	})
	if err != nil {
		return nil, errors.Join(err, client.Close(ctx))
	}
	opening.records, opening.documents, opening.cluster = opened.Records(), opened.Documents(), opened
	opening.close = func(ctx context.Context) error {
		opened.Close()
		return client.Close(ctx)
	}
	return opening, nil
}

// watchCluster begins to connect to a cluster, by a function that makes the stores in it.
func (s *store) watchCluster(
	ctx context.Context, client *elasticsearch.Client, onHealth func(error), connect func(context.Context) (cluster.Stores, error),
) (*cluster.Cluster, error) {
	return cluster.Open(ctx, cluster.Config{
		Connect: connect,
		Check: func(ctx context.Context) error {
			_, err := client.Detect(ctx)
			return err
		},
		IsHopeless: isUnsupported,
		IsOutage:   isOutage,
		IsPassing:  isPassing,
		OnHealth:   onHealth,
		Logger:     s.settings.Logger,
	})
}
