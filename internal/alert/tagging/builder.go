package tagging

import (
	"encoding/json"
	"slices"

	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/percolator"
)

// Builder makes rules again and again, as alerts change. What has not changed costs next to
// nothing. It has one user at a time.
type Builder struct {
	compile func(filters json.RawMessage) (filter.Expression, error)
	// compiled are the filters of the newest rules by their tags, of which none ever stands
	// for other filters; nil are filters that cannot be read.
	compiled map[string]*percolator.Filter
	newest   *Rules
}

// NewBuilder returns a builder that reads filters by a function.
func NewBuilder(compile func(filters json.RawMessage) (filter.Expression, error)) *Builder {
	return &Builder{compile: compile, newest: &Rules{}}
}

// Build returns what New does.
func (b *Builder) Build(alerts []alertstore.Alert) *Rules {
	all, compiled := &Rules{projects: map[int64]*rules{}}, make(map[string]*percolator.Filter, len(alerts))
	filters := map[int64][]*percolator.Filter{}
	for _, a := range alerts {
		if !a.Enabled {
			continue
		}
		tag := a.Tag()
		one, isKnown := b.compiled[tag]
		isLasting := isKnown
		if !isKnown {
			one, isLasting = b.compileOne(a.Filters)
		}
		if isLasting {
			compiled[tag] = one
		}
		if one == nil {
			continue
		}
		of, ok := all.projects[a.ProjectID]
		if !ok {
			of = &rules{}
			all.projects[a.ProjectID] = of
		}
		of.tags = append(of.tags, tag)
		filters[a.ProjectID] = append(filters[a.ProjectID], one)
		all.count++
	}
	for projectID, of := range all.projects {
		of.prepare(filters[projectID], b.newest.projects[projectID])
	}
	b.compiled, b.newest = compiled, all
	return all
}

// compileOne returns nil for filters that cannot be read. What it returns is only lasting if
// it would be the same at any other time.
func (b *Builder) compileOne(filters json.RawMessage) (compiled *percolator.Filter, isLasting bool) {
	selected, err := b.compile(filters)
	if err != nil {
		return nil, true
	}
	if compiled, err = percolator.Compile(selected); err != nil {
		return nil, true
	}
	return compiled, alertstore.IsTimeless(selected)
}

// prepare makes the filters ready to match, unless those of before are the same.
func (r *rules) prepare(filters []*percolator.Filter, before *rules) {
	r.compiled = filters
	if before != nil && slices.Equal(before.compiled, filters) && slices.Equal(before.tags, r.tags) {
		r.filters = before.filters
		return
	}
	r.filters = percolator.Of(filters)
}
