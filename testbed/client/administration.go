package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// Project is what the API tells about a project.
type Project struct {
	ID           int64  `json:"id"`
	UUID         string `json:"uuid"`
	Name         string `json:"name"`
	Organization string `json:"organization"`
	APIToken     string `json:"api_token"`
}

// Key is what the API tells about a key.
type Key struct {
	ID        string `json:"id"`
	Label     string `json:"label"`
	MaskValue string `json:"mask_value"`
	// Value is given at the key's creation only.
	Value       string   `json:"value"`
	Scopes      []string `json:"scopes"`
	ScopedTeams []int64  `json:"scoped_teams"`
	CreatedAt   string   `json:"created_at"`
	LastUsedAt  *string  `json:"last_used_at"`
}

// CreateProject makes a project; the organization may be "".
func (c *Client) CreateProject(ctx context.Context, name, organization string) (Project, error) {
	request := map[string]any{"name": name}
	if organization != "" {
		request["organization"] = organization
	}
	var project Project
	err := c.administer(ctx, http.MethodPost, "/api/projects/", request, http.StatusCreated, &project)
	return project, err
}

// GetProject asks for one project, by its id in decimals.
func (c *Client) GetProject(ctx context.Context, id string) (Project, error) {
	var project Project
	err := c.administer(ctx, http.MethodGet, "/api/projects/"+id+"/", nil, http.StatusOK, &project)
	return project, err
}

// CreateKey makes a key for the projects; no projects means all.
func (c *Client) CreateKey(ctx context.Context, label string, scopes []string, projects ...int64) (Key, error) {
	request := map[string]any{"label": label, "scopes": scopes, "scoped_teams": projects}
	if projects == nil {
		request["scoped_teams"] = []int64{}
	}
	var key Key
	err := c.administer(ctx, http.MethodPost, "/api/personal_api_keys/", request, http.StatusCreated, &key)
	return key, err
}

// GetKey asks for one key; "@current" is the one that asks.
func (c *Client) GetKey(ctx context.Context, id string) (Key, error) {
	var key Key
	err := c.administer(ctx, http.MethodGet, "/api/personal_api_keys/"+id+"/", nil, http.StatusOK, &key)
	return key, err
}

// CreateEmbedToken returns a token with which pages of an origin show the audit events of
// an external id.
func (c *Client) CreateEmbedToken(ctx context.Context, project int64, externalID, origin string) (string, error) {
	var answer struct {
		Token string `json:"token"`
	}
	request := map[string]string{"external_id": externalID, "origin": origin}
	err := c.administer(ctx, http.MethodPost, "/api/projects/"+strconv.FormatInt(project, 10)+"/embed_tokens/", request, http.StatusCreated, &answer)
	return answer.Token, err
}

// DeleteKey revokes a key.
func (c *Client) DeleteKey(ctx context.Context, id string) error {
	return c.administer(ctx, http.MethodDelete, "/api/personal_api_keys/"+id+"/", nil, http.StatusNoContent, nil)
}

// RollKey gives a key another value, which is in the answer; "@current" is the one that
// asks.
func (c *Client) RollKey(ctx context.Context, id string) (Key, error) {
	var key Key
	err := c.administer(ctx, http.MethodPost, "/api/personal_api_keys/"+id+"/roll/", nil, http.StatusOK, &key)
	return key, err
}

// Get asks the API port for a path, with the client's key.
func (c *Client) Get(ctx context.Context, path string) (Response, error) {
	return c.Do(ctx, http.MethodGet, c.api(path), "", "Authorization", c.bearer())
}

func (c *Client) administer(ctx context.Context, method, path string, request any, status int, answer any) error {
	body := ""
	if request != nil {
		encoded, err := json.Marshal(request)
		if err != nil {
			return fmt.Errorf("encode a request: %w", err)
		}
		body = string(encoded)
	}
	response, err := c.Do(ctx, method, c.api(path), body, "Authorization", c.bearer(), "Content-Type", "application/json")
	if err != nil {
		return err
	}
	if response.Status != status {
		return &StatusError{Response: response}
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(response.Body, answer); err != nil {
		return fmt.Errorf("decode the answer %s: %w", response, err)
	}
	return nil
}

func (c *Client) api(path string) string { return "http://" + c.Endpoints.API + path }
