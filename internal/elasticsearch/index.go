package elasticsearch

import (
	"context"
	"errors"
	"net/http"
)

// EnsureIndex makes an index of the definition (settings, mappings and aliases, as JSON)
// unless there is one of that name. Several clients may do so at once.
func (c *Client) EnsureIndex(ctx context.Context, name string, definition []byte) error {
	exists, err := c.Exists(ctx, "/"+name)
	if err != nil || exists {
		return err
	}
	_, err = c.Do(ctx, http.MethodPut, "/"+name, nil, definition)
	if StatusOf(err) != http.StatusBadRequest {
		return err
	}
	// That may mean that somebody else was faster, or that the definition is wrong.
	exists, err2 := c.Exists(ctx, "/"+name)
	if err2 == nil && exists {
		return nil
	}
	return errors.Join(err, err2)
}

// Exists asks whether there is something at a path, such as an index or a template.
func (c *Client) Exists(ctx context.Context, path string) (bool, error) {
	_, err := c.Do(ctx, http.MethodHead, path, nil, nil)
	if IsMissing(err) {
		return false, nil
	}
	return err == nil, err
}
