package cluster

import (
	"context"

	"github.com/docketlog/docket/internal/docstore"
)

// documents is the docstore.Store that the cluster has, once it is connected.
type documents struct{ cluster *Cluster }

var _ docstore.Store = documents{}

// Documents returns the document store.
func (c *Cluster) Documents() docstore.Store { return documents{c} }

// withDocuments calls a method of the connected store.
func withDocuments[T any](d documents, call func(docstore.Store) (T, error)) (answer T, err error) {
	connected, err := d.cluster.stores()
	if err != nil {
		return answer, err
	}
	answer, err = call(connected.Documents)
	return answer, d.cluster.translate(err)
}

func (d documents) Get(ctx context.Context, collection, id string) (docstore.Document, error) {
	return withDocuments(d, func(store docstore.Store) (docstore.Document, error) { return store.Get(ctx, collection, id) })
}

func (d documents) List(ctx context.Context, collection, prefix string) ([]docstore.Document, error) {
	return withDocuments(d, func(store docstore.Store) ([]docstore.Document, error) { return store.List(ctx, collection, prefix) })
}

func (d documents) Create(ctx context.Context, document docstore.Document) (docstore.Document, error) {
	return withDocuments(d, func(store docstore.Store) (docstore.Document, error) { return store.Create(ctx, document) })
}

func (d documents) Update(ctx context.Context, document docstore.Document) (docstore.Document, error) {
	return withDocuments(d, func(store docstore.Store) (docstore.Document, error) { return store.Update(ctx, document) })
}

func (d documents) Delete(ctx context.Context, collection, id string, version int64) error {
	_, err := withDocuments(d, func(store docstore.Store) (struct{}, error) {
		return struct{}{}, store.Delete(ctx, collection, id, version)
	})
	return err
}
