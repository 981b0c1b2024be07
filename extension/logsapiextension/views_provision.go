package logsapiextension

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/docketlog/docket/extension/logsapiextension/internal/savedviews"
	"github.com/docketlog/docket/internal/configform"
	"github.com/docketlog/docket/internal/provision"
	"github.com/docketlog/docket/internal/requestbody"
)

// ViewConfig is a view of the configuration.
type ViewConfig struct {
	// Project is the number of the project.
	Project int64 `mapstructure:"project"`
	// Content is what the API takes, with its names.
	Content map[string]any `mapstructure:",remain"`
}

// provisioned returns the views of the configuration, and all that is wrong with them.
func (c *Config) provisioned() ([]savedviews.Provisioned, error) {
	var all []savedviews.Provisioned
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(c.Views)) {
		wanted, err := c.Views[key].read(key)
		errs = append(errs, configform.At("views::"+key, err))
		all = append(all, wanted)
	}
	return all, errors.Join(errs...)
}

// read returns what the API would make of the content.
func (v ViewConfig) read(key string) (savedviews.Provisioned, error) {
	wanted := savedviews.Provisioned{
		Key: key, ProjectID: v.Project, Content: savedviews.Content{Name: key, Filters: json.RawMessage(noFilters)},
	}
	if err := configform.CheckKey(key); err != nil {
		return wanted, err
	}
	if v.Project < 1 {
		return wanted, requestbody.Wrong(requestbody.CodeRequired, "write the number of the project, such as 1").In("project")
	}
	fields := viewFields(&wanted.Content)
	body, err := configform.Form{Of: "a view", Fields: fields, Others: []string{"project"}}.Body(v.Content)
	if err != nil {
		return wanted, err
	}
	if err := body.ReadPartial(fields); err != nil {
		return wanted, err
	}
	return wanted, wanted.Check()
}

// provision makes the views of the configuration.
func (a *logsAPI) provision(e *endpoints, wanted []savedviews.Provisioned) {
	place := "extensions::" + a.settings.ID.String() + "::views"
	work := provision.Work{
		Kind: "views", IsGiven: a.config.Views != nil, Wanted: len(wanted), Logger: a.settings.Logger,
		Apply: func(ctx context.Context, _ bool) (provision.Outcome, error) {
			return e.views.Provision(ctx, place, wanted, e.noteProvisionedView)
		},
		Count: func(ctx context.Context) (int, error) { return e.views.CountProvisioned(ctx, place) },
	}
	a.serving.Go(func() { work.Do(a.stopping) })
}
