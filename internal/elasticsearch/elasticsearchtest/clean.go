package elasticsearchtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/docketlog/docket/internal/elasticsearch"
)

// clean removes all that has a name with the prefix. Servers refuse to remove by a
// pattern, so what there is is asked for first.
func clean(ctx context.Context, client *elasticsearch.Client, prefix string) error {
	return errors.Join(
		removeIndices(ctx, client, prefix),
		remove(ctx, client, "/_index_template/", prefix, func(answer struct {
			Templates []named `json:"index_templates"`
		},
		) []named {
			return answer.Templates
		}),
		remove(ctx, client, "/_component_template/", prefix, func(answer struct {
			Templates []named `json:"component_templates"`
		},
		) []named {
			return answer.Templates
		}),
	)
}

type named struct {
	Name string `json:"name"`
}

func remove[T any](ctx context.Context, client *elasticsearch.Client, path, prefix string, names func(T) []named) error {
	var answer T
	if err := get(ctx, client, path+prefix+"*", nil, &answer); err != nil {
		return err
	}
	for _, found := range names(answer) {
		if _, err := client.Do(ctx, http.MethodDelete, path+found.Name, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

func removeIndices(ctx context.Context, client *elasticsearch.Client, prefix string) error {
	var indices map[string]json.RawMessage
	if err := get(ctx, client, "/"+prefix+"*/_alias", url.Values{"expand_wildcards": {"all"}}, &indices); err != nil {
		return err
	}
	var errs []error
	for name := range indices {
		_, err := client.Do(ctx, http.MethodDelete, "/"+name, nil, nil)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// get asks for something, which need not be there or be known to the server.
func get(ctx context.Context, client *elasticsearch.Client, path string, query url.Values, answer any) error {
	body, err := client.Do(ctx, http.MethodGet, path, query, nil)
	if status := new(elasticsearch.StatusError); errors.As(err, &status) && status.Status < http.StatusInternalServerError {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return fmt.Errorf("read the answer of %s: %w", path, err)
	}
	return nil
}
