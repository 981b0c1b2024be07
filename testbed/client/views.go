package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// View is what the API tells about a saved view.
type View struct {
	ID        string          `json:"id"`
	ShortID   string          `json:"short_id"`
	Name      string          `json:"name"`
	Filters   json.RawMessage `json:"filters"`
	Columns   json.RawMessage `json:"columns"`
	Pinned    bool            `json:"pinned"`
	CreatedAt string          `json:"created_at"`
	CreatedBy struct {
		UUID      string `json:"uuid"`
		FirstName string `json:"first_name"`
	} `json:"created_by"`
	UpdatedAt   string `json:"updated_at"`
	Provisioned bool   `json:"provisioned"`
}

// CreateView saves a view of a project, with filters in JSON.
func (c *Client) CreateView(ctx context.Context, project, name, filters string) (View, error) {
	var view View
	request := map[string]any{"name": name, "filters": json.RawMessage(filters)}
	err := c.administer(ctx, http.MethodPost, viewsPath(project), request, http.StatusCreated, &view)
	return view, err
}

// ChangeView changes those fields of a view that are given.
func (c *Client) ChangeView(ctx context.Context, project, shortID string, fields map[string]any) (View, error) {
	var view View
	err := c.administer(ctx, http.MethodPatch, viewsPath(project)+shortID+"/", fields, http.StatusOK, &view)
	return view, err
}

// GetView asks for one view.
func (c *Client) GetView(ctx context.Context, project, shortID string) (View, error) {
	var view View
	err := c.administer(ctx, http.MethodGet, viewsPath(project)+shortID+"/", nil, http.StatusOK, &view)
	return view, err
}

// Views asks for the first page of a project's views.
func (c *Client) Views(ctx context.Context, project string) ([]View, error) {
	var page struct{ Results []View }
	err := c.administer(ctx, http.MethodGet, viewsPath(project), nil, http.StatusOK, &page)
	return page.Results, err
}

// DeleteView deletes a view.
func (c *Client) DeleteView(ctx context.Context, project, shortID string) error {
	return c.administer(ctx, http.MethodDelete, viewsPath(project)+shortID+"/", nil, http.StatusNoContent, nil)
}

func viewsPath(project string) string { return "/api/projects/" + project + "/logs/views/" }
