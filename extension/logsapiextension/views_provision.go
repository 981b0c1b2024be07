package logsapiextension

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/docketlog/docket/extension/logsapiextension/internal/savedviews"
	"github.com/docketlog/docket/internal/configform"
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

// provisionEvery is the time between two attempts to provision views.
const provisionEvery = time.Second

// provision makes the views of the configuration, as soon as the store of documents can
// be written: it may be a cluster that is away while Docket starts.
func (a *logsAPI) provision(views *savedviews.Views, wanted []savedviews.Provisioned) {
	place := "extensions::" + a.settings.ID.String() + "::views"
	apply := func(ctx context.Context) error { return a.applyViews(ctx, views, place, wanted) }
	if a.config.Views == nil {
		apply = func(ctx context.Context) error { return a.mentionViews(ctx, views, place) }
	}
	a.serving.Go(func() {
		for isFailing := false; ; isFailing = true {
			err := apply(a.stopping)
			if err == nil || a.stopping.Err() != nil {
				return
			}
			if !isFailing {
				a.settings.Logger.Error("The views of the configuration cannot be provisioned yet; trying again", zap.Error(err))
			}
			select {
			case <-time.After(provisionEvery):
			case <-a.stopping.Done():
			}
		}
	})
}

func (a *logsAPI) applyViews(ctx context.Context, views *savedviews.Views, place string, wanted []savedviews.Provisioned) error {
	made, changed, removed, err := views.Provision(ctx, place, wanted)
	if err == nil {
		a.settings.Logger.Info("The views are those of the configuration", zap.Int("views", len(wanted)),
			zap.Int("made", made), zap.Int("changed", changed), zap.Int("removed", removed))
	}
	return err
}

// mentionViews tells an operator of views that come from a configuration without being in
// this one. They are not removed: this replica may be one of another kind.
func (a *logsAPI) mentionViews(ctx context.Context, views *savedviews.Views, place string) error {
	count, err := views.CountProvisioned(ctx, place)
	if err == nil && count > 0 {
		a.settings.Logger.Warn("There are views of another configuration, while this one has no `views`; they stay. "+
			"To remove them, write `views: {}`", zap.Int("views", count))
	}
	return err
}
