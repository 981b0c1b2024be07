package elastic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/docketlog/docket/internal/elasticsearch"
)

// Days implements retention.Store. A shared index counts as one of its last day.
func (b *Backend) Days(ctx context.Context) ([]time.Time, error) {
	done, err := b.use(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	indices, err := b.listIndices(ctx)
	if err != nil {
		return nil, err
	}
	return sortedDays(slices.Collect(maps.Values(indices))), nil
}

// listIndices returns the periods of all indices, by the names of these.
func (b *Backend) listIndices(ctx context.Context) (map[string]period, error) {
	answer, err := b.client.Do(ctx, http.MethodGet, "/"+b.alias()+"-*/_alias", url.Values{"expand_wildcards": {"all"}}, nil)
	if err != nil {
		return nil, fmt.Errorf("list the indices: %w", err)
	}
	var indices map[string]json.RawMessage
	if err := json.Unmarshal(answer, &indices); err != nil {
		return nil, fmt.Errorf("list the indices: %w", err)
	}
	periods := map[string]period{}
	for name := range indices {
		if p, ok := b.periodOf(name); ok {
			periods[name] = p
		}
	}
	return periods, nil
}

// DayBytes implements retention.Store. It counts all copies of the index.
func (b *Backend) DayBytes(ctx context.Context, day time.Time) (int64, error) {
	done, err := b.use(ctx)
	if err != nil {
		return 0, err
	}
	defer done()
	var total int64
	for _, index := range b.indicesOf(day) {
		bytes, err := b.indexBytes(ctx, index)
		if err != nil {
			return 0, fmt.Errorf("measure an index: %w", err)
		}
		total += bytes
	}
	return total, nil
}

// indexBytes returns the size of an index, 0 if it is not there.
func (b *Backend) indexBytes(ctx context.Context, index string) (int64, error) {
	answer, err := b.client.Do(ctx, http.MethodGet, "/"+index+"/_stats/store",
		url.Values{"forbid_closed_indices": {"false"}, "filter_path": {"_all.total.store.size_in_bytes"}}, nil)
	if elasticsearch.StatusOf(err) == http.StatusNotFound {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var stats struct {
		All struct {
			Total struct {
				Store struct {
					Bytes int64 `json:"size_in_bytes"`
				} `json:"store"`
			} `json:"total"`
		} `json:"_all"`
	}
	err = json.Unmarshal(answer, &stats)
	return stats.All.Total.Store.Bytes, err
}

// projectsPerPage is how many projects Projects asks for at once.
const projectsPerPage = 1000

// Projects implements retention.Store. It does not see the records of the last second.
func (b *Backend) Projects(ctx context.Context, day time.Time) ([]int64, error) {
	done, err := b.use(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	var projects []int64
	for _, index := range b.indicesOf(day) {
		found, err := b.projectsIn(ctx, index)
		if err != nil {
			return nil, fmt.Errorf("list the projects of a day: %w", err)
		}
		projects = append(projects, found...)
	}
	slices.Sort(projects)
	return slices.Compact(projects), nil
}

func (b *Backend) projectsIn(ctx context.Context, index string) ([]int64, error) {
	var projects []int64
	composite := object{"size": projectsPerPage, "sources": []object{{"project": object{"terms": object{"field": fieldProject}}}}}
	for {
		found, err := b.searchIndex(ctx, index, object{"size": 0, "aggs": object{"projects": object{"composite": composite}}})
		if err != nil || found.Aggregations == nil {
			return projects, err
		}
		var counted struct {
			Projects struct {
				After   json.RawMessage `json:"after_key"`
				Buckets []struct {
					Key struct {
						Project int64 `json:"project"`
					} `json:"key"`
				} `json:"buckets"`
			} `json:"projects"`
		}
		if err := json.Unmarshal(found.Aggregations, &counted); err != nil {
			return nil, err
		}
		for _, bucket := range counted.Projects.Buckets {
			projects = append(projects, bucket.Key.Project)
		}
		if len(counted.Projects.Buckets) < projectsPerPage {
			return projects, nil
		}
		composite["after"] = counted.Projects.After
	}
}

// searchIndex asks one index, which need not be there.
func (b *Backend) searchIndex(ctx context.Context, index string, body object) (answer, error) {
	return b.ask(ctx, "/"+index+"/_search", url.Values{"ignore_unavailable": {"true"}, "allow_no_indices": {"true"}}, body)
}

// DeleteDay implements retention.Store.
func (b *Backend) DeleteDay(ctx context.Context, day time.Time) error {
	done, err := b.use(ctx)
	if err != nil {
		return err
	}
	defer done()
	for _, index := range b.indicesOf(day) {
		if err := b.deleteIndex(ctx, index); err != nil {
			return err
		}
	}
	return nil
}

func (b *Backend) deleteIndex(ctx context.Context, name string) error {
	b.forgetIndex(name)
	_, err := b.client.Do(ctx, http.MethodDelete, "/"+name, nil, nil)
	if err != nil && elasticsearch.StatusOf(err) != http.StatusNotFound {
		return fmt.Errorf("delete an index: %w", err)
	}
	return nil
}

// DeleteProjects implements retention.Store. The disk gets what it frees back when the
// cluster merges the index, for which it is asked.
func (b *Backend) DeleteProjects(ctx context.Context, day time.Time, projects []int64) error {
	done, err := b.use(ctx)
	if err != nil {
		return err
	}
	defer done()
	for _, index := range b.indicesOf(day) {
		if err := b.deleteProjectsIn(ctx, index, projects); err != nil {
			return err
		}
	}
	return nil
}

func (b *Backend) deleteProjectsIn(ctx context.Context, index string, projects []int64) error {
	if len(projects) > 0 {
		if err := b.deleteRecords(ctx, index, projects); err != nil {
			return fmt.Errorf("delete the records of projects: %w", err)
		}
	}
	left, err := b.countIn(ctx, index)
	if err != nil {
		return fmt.Errorf("count what is left of a day: %w", err)
	}
	if left > 0 {
		b.expunge(ctx, index)
		return nil
	}
	return b.deleteIfEmpty(ctx, index)
}

// recordsPerDeletion is how many records one request deletes.
const recordsPerDeletion = 5000

// deleteRecords deletes the documents of projects: those that it finds, until it finds
// none.
func (b *Backend) deleteRecords(ctx context.Context, index string, projects []int64) error {
	for {
		if err := b.refresh(ctx, index); err != nil {
			return err
		}
		found, err := b.searchIndex(ctx, index, object{
			"size": recordsPerDeletion, "_source": false, "sort": []string{"_doc"}, "track_total_hits": false,
			"query": object{"terms": object{fieldProject: projects}},
		})
		if err != nil || len(found.Hits.Hits) == 0 {
			return err
		}
		var r bulk
		for _, hit := range found.Hits.Hits {
			r.addDeletion(index, hit.ID)
		}
		items, err := b.send(ctx, r)
		if err != nil {
			return err
		}
		for _, one := range items {
			if one.Status != http.StatusNotFound && verdictOf(one.Status) != stored {
				return errors.New(one.reason())
			}
		}
	}
}

// addDeletion adds the deletion of a document.
func (r *bulk) addDeletion(index, id string) {
	start := len(r.body)
	r.body = append(r.body, `{"delete":{"_index":`...)
	r.body = appendString(r.body, index)
	r.body = append(r.body, `,"_id":`...)
	r.body = appendString(r.body, id)
	r.body = append(r.body, "}}\n"...)
	r.actions = append(r.actions, action{index: index, id: id, start: start, end: len(r.body)})
}

func (b *Backend) refresh(ctx context.Context, index string) error {
	return b.onAll(ctx, []string{index}, "_refresh")
}

// countIn returns how many documents an index has, 0 if it is not there.
func (b *Backend) countIn(ctx context.Context, index string) (int64, error) {
	if err := b.refresh(ctx, index); err != nil {
		return 0, err
	}
	found, err := b.searchIndex(ctx, index, object{"size": 0, "track_total_hits": true})
	return found.Hits.Total.Value, err
}

// expunge asks the cluster to give back the space of deleted documents. It does so by
// itself at some time, so a failure is no error.
func (b *Backend) expunge(ctx context.Context, index string) {
	_, _ = b.client.Do(ctx, http.MethodPost, "/"+index+"/_forcemerge",
		url.Values{"only_expunge_deletes": {"true"}, "wait_for_completion": {"false"}}, nil)
}

// unblockTimeout bounds how long an index may be tried to be opened for writes again.
const unblockTimeout = 30 * time.Second

// deleteIfEmpty deletes an index that has no documents. Before it looks for the last
// time it blocks writes, of other Dockets too: what they write meanwhile fails, and they
// try again.
func (b *Backend) deleteIfEmpty(ctx context.Context, index string) error {
	_, err := b.client.Do(ctx, http.MethodPut, "/"+index+"/_block/write", nil, nil)
	if elasticsearch.StatusOf(err) == http.StatusNotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("block writes to an empty index: %w", err)
	}
	left, err := b.countIn(ctx, index)
	if err == nil && left == 0 {
		err = b.deleteIndex(ctx, index)
		if err == nil {
			return nil
		}
	}
	return errors.Join(err, b.unblock(ctx, index))
}

// unblock allows writes to an index again, also when ctx has ended.
func (b *Backend) unblock(ctx context.Context, index string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unblockTimeout)
	defer cancel()
	request := putRequest("/"+index+"/_settings", object{"index.blocks.write": nil})
	if _, err := b.client.Do(ctx, request.Method, request.Path, nil, request.Body); err != nil && elasticsearch.StatusOf(err) != http.StatusNotFound {
		return fmt.Errorf("allow writes to the index %s again: %w", index, err)
	}
	return nil
}
