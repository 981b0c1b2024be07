package logstoreextension

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/extension/logstoreextension/internal/cluster"
	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/elastic/mapped"
	"github.com/docketlog/docket/internal/logstore/journaled"
	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/tenant"
)

// openView opens what is in the data folder, and begins to connect to the cluster with the
// logs that are only read. Documents are in the folder, so that the account may be one
// that cannot write; and so is Docket's own audit trail.
func (s *store) openView(ctx context.Context, host component.Host, onHealth func(error)) (*backend, error) {
	opened, err := s.openEmbedded()
	if err != nil {
		return nil, err
	}
	logs, err := s.connectView(ctx, host, onHealth, opened)
	if err != nil {
		return nil, errors.Join(err, opened.records.Close(), opened.close(ctx))
	}
	opened.records = &viewing{Backend: opened.records, logs: logs, project: s.config.readOnly().ProjectID}
	return opened, nil
}

// connectView gives the backend a connection to the cluster, and returns the logs there.
func (s *store) connectView(ctx context.Context, host component.Host, onHealth func(error), opened *backend) (cluster.Backend, error) {
	config := s.config.Elasticsearch.Get()
	client, err := s.newClient(ctx, host, config)
	if err != nil {
		return nil, err
	}
	view := config.ReadOnly.Get()
	logs, err := mapped.New(mapped.Config{
		Client: client, Index: view.Index, ProjectID: view.ProjectID, Mapping: view.Fields.mapping(),
		MaxRead: view.MaxReadRecords, Logger: s.settings.Logger,
	})
	if err != nil {
		return nil, errors.Join(err, client.Close(ctx))
	}
	connected, err := s.watchCluster(ctx, client, onHealth, func(ctx context.Context) (cluster.Stores, error) {
		if err := requireSupported(ctx, client); err != nil {
			return cluster.Stores{}, err
		}
		return cluster.Stores{Records: logs}, nil
	})
	if err != nil {
		return nil, errors.Join(err, client.Close(ctx))
	}
	opened.cluster = connected
	closeDocuments := opened.close
	opened.close = func(ctx context.Context) error {
		connected.Close()
		return errors.Join(client.Close(ctx), closeDocuments(ctx))
	}
	return connected.Records(), nil
}

// requireSupported returns an error unless the cluster runs what Docket works with.
func requireSupported(ctx context.Context, client *elasticsearch.Client) error {
	product, err := client.Detect(ctx)
	if err != nil {
		return err
	}
	return product.Supported()
}

// viewing is a backend whose records of one project are those of others in a cluster. What
// it stores, it stores itself.
type viewing struct {
	// Backend has all other projects.
	cluster.Backend
	logs    cluster.Backend
	project int64
}

// of returns who has the records of a project.
func (v *viewing) of(project int64) cluster.Backend {
	if project == v.project {
		return v.logs
	}
	return v.Backend
}

// Search implements logstore.Reader.
func (v *viewing) Search(ctx context.Context, query logstore.Query) ([]record.Record, error) {
	return v.of(query.ProjectID).Search(ctx, query)
}

// Count implements logstore.Reader.
func (v *viewing) Count(ctx context.Context, query logstore.Query) (int64, error) {
	return v.of(query.ProjectID).Count(ctx, query)
}

// Histogram implements logstore.Analyst.
func (v *viewing) Histogram(ctx context.Context, query logstore.HistogramQuery) ([]logstore.Bucket, error) {
	return v.of(query.ProjectID).Histogram(ctx, query)
}

// Values implements logstore.Analyst.
func (v *viewing) Values(ctx context.Context, query logstore.ValuesQuery) ([]logstore.ValueCount, int, error) {
	return v.of(query.ProjectID).Values(ctx, query)
}

// Keys implements logstore.Analyst.
func (v *viewing) Keys(ctx context.Context, query logstore.KeysQuery) ([]logstore.KeyCount, int, error) {
	return v.of(query.ProjectID).Keys(ctx, query)
}

// Groups implements logstore.Analyst.
func (v *viewing) Groups(ctx context.Context, query logstore.GroupsQuery) (logstore.Groups, error) {
	return v.of(query.ProjectID).Groups(ctx, query)
}

// Snapshot implements journaled.Snapshotter, for what is in the data folder.
func (v *viewing) Snapshot(ctx context.Context, directory string) error {
	kept, ok := v.Backend.(journaled.Snapshotter)
	if !ok {
		return logstore.ErrNoBackup
	}
	return kept.Snapshot(ctx, directory)
}

// Close implements logstore.Backend.
func (v *viewing) Close() error { return errors.Join(v.Backend.Close(), v.logs.Close()) }

// readOnlyStore is a store that takes no records but those of Docket's own audit trail.
type readOnlyStore struct {
	*journaled.Store
	view *ReadOnlyConfig
}

// ReadOnly returns the error of whoever wants to add records. Exporters ask for it when
// they start.
func (r *readOnlyStore) ReadOnly() error {
	return fmt.Errorf("the log store only reads the indices %s, where they are: take what writes to it out of service::pipelines, "+
		"or let Docket keep records itself, by taking elasticsearch::read_only out of the extension and giving it another directory", r.view.Index)
}

// Append implements logstore.Writer.
func (r *readOnlyStore) Append(ctx context.Context, logs plog.Logs) error {
	for _, resource := range logs.ResourceLogs().All() {
		if (record.Record{Resource: resource.Resource()}).ProjectID() != tenant.AuditProjectID {
			return consumererror.NewPermanent(r.ReadOnly())
		}
	}
	return r.Store.Append(ctx, logs)
}

// Tail implements logstore.Tailer.
func (r *readOnlyStore) Tail(projectID int64, expression filter.Expression, buffer int) (logstore.Tail, error) {
	if projectID == r.view.ProjectID {
		return mapped.NewTail(r.Store, projectID, expression, buffer)
	}
	return r.Store.Tail(projectID, expression, buffer)
}
