package logsapiextension

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/tenant"
)

// Headers of LogHub's clients.
const (
	headerToken        = "token"
	headerOrganization = "organization"
)

// maxMergedEvents is how far into the events of several projects a page may be: up to its
// end, they are read of each of them.
const maxMergedEvents = 1000

// eventRoutes are GET /v1/events of LogHub; docs/api-logs.md is its reference. Events are
// written to the receiver audit_log.
func (e *endpoints) eventRoutes() []route {
	return []route{{path: "/v1/events", shape: eventShape, methods: map[string]endpoint{http.MethodGet: e.getEvents}}}
}

// getEvents answers with a page of the events of every project that the caller may read.
//
// Only records that came as events of LogHub are events, and those of Docket's own audit
// trail: others have no actor and no external_id, so that an app that embeds the audit
// table of one of its customers would show them to all.
func (e *endpoints) getEvents(w http.ResponseWriter, r *http.Request) error {
	projects, err := e.authorizeEvents(r)
	if err != nil {
		return err
	}
	query, err := parseEventsQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	found, err := e.findEvents(r.Context(), projects, query)
	if err != nil {
		return questionProblem(err)
	}
	writeEvents(w, found)
	return nil
}

// authorizeEvents returns the projects that the request is about.
func (e *endpoints) authorizeEvents(r *http.Request) ([]tenant.Project, error) {
	credentials := tenant.Credentials{
		Token:        strings.TrimSpace(r.Header.Get(headerToken)),
		Organization: strings.TrimSpace(r.Header.Get(headerOrganization)),
		Project:      strings.TrimSpace(r.Header.Get(tenant.HeaderProject)),
	}
	for _, header := range []struct{ name, value, what string }{
		{headerToken, credentials.Token, "a header with a key"},
		{headerOrganization, credentials.Organization, "a header with the id or slug of the key's organization"},
	} {
		if header.value == "" {
			return nil, &problem{
				status: http.StatusUnauthorized, code: codeNotAuthenticated, field: header.name, detail: "is required: " + header.what,
			}
		}
	}
	caller, err := e.authenticate(r, credentials)
	if err != nil {
		return nil, err
	}
	if err := caller.Can(tenant.ScopeRead); err != nil {
		return nil, err
	}
	return projectsOfEvents(caller, credentials.Organization)
}

// projectsOfEvents returns the projects of an organization, given by id or slug, that the
// caller may read; or the one that the caller names.
func projectsOfEvents(caller *tenant.Identity, organization string) ([]tenant.Project, error) {
	own := caller.Organization
	if !caller.Admin && !strings.EqualFold(organization, own.ID) && organization != own.Slug {
		return nil, &problem{
			status: http.StatusForbidden, code: codePermissionDenied, field: headerOrganization,
			detail: "is not the organization of the key",
		}
	}
	if caller.NamedProject != "" || len(caller.Projects) <= 1 {
		project, err := caller.ReadableProject("")
		return []tenant.Project{project}, err
	}
	if !caller.Admin {
		return caller.Projects, nil
	}
	// The admin key is of every organization, and knows them by their ids.
	projects := slices.DeleteFunc(slices.Clone(caller.Projects), func(project tenant.Project) bool {
		return !strings.EqualFold(project.OrganizationID, organization)
	})
	if len(projects) == 0 {
		return nil, fieldProblem(codeInvalidInput, headerOrganization,
			"is the id of no organization with projects: with the admin key, send an id, or name a project in the header %s",
			tenant.HeaderProject)
	}
	return projects, nil
}

// findEvents returns a page of the events of projects.
func (e *endpoints) findEvents(ctx context.Context, projects []tenant.Project, asked eventsQuery) ([]record.Record, error) {
	query := logstore.Query{Order: asked.order, Filter: asked.filter(), Offset: asked.page * asked.limit, Limit: asked.limit}
	if len(projects) == 1 {
		query.ProjectID = projects[0].ID
		return e.searchEvents(ctx, query)
	}
	end := query.Offset + query.Limit
	if end > maxMergedEvents {
		return nil, fieldProblem(codeInvalidInput, "page",
			"is too far for a key of several projects, of which only the first %d events can be read together: name a project in the header %s",
			maxMergedEvents, tenant.HeaderProject)
	}
	query.Offset, query.Limit = 0, end
	var all []record.Record
	for _, project := range projects {
		query.ProjectID = project.ID
		found, err := e.searchEvents(ctx, query)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.SortFunc(all, func(a, b record.Record) int { return comparePlaces(asked.order, a, b) })
	all = all[:min(end, len(all))]
	return all[min(end-asked.limit, len(all)):], nil
}

func (e *endpoints) searchEvents(ctx context.Context, query logstore.Query) ([]record.Record, error) {
	found, err := e.reader.Search(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("search records: %w", err)
	}
	return found, nil
}

// comparePlaces is negative when a comes before b in the order.
func comparePlaces(order logstore.Order, a, b record.Record) int {
	if order == logstore.NewestFirst {
		a, b = b, a
	}
	first, second := logstore.PlaceOf(a), logstore.PlaceOf(b)
	return cmp.Or(first.Timestamp.Compare(second.Timestamp), strings.Compare(first.ID, second.ID))
}

// filter returns which records are the events that are asked for.
func (q eventsQuery) filter() filter.Expression {
	areEvents := attributeEquals(record.AttributeSource, record.SourceLogHub, record.SourceDocket)
	if q.externalID == "" {
		return areEvents
	}
	return filter.And{areEvents, attributeEquals(record.AttributeExternalID, q.externalID)}
}

func attributeEquals(key string, values ...string) filter.Expression {
	return filter.Equal{Field: filter.Field{Place: filter.PlaceLogAttribute, Key: key}, Values: values}
}
