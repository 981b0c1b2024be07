// Package percolator finds which of many filters match a record, at a cost that hardly
// depends on how many filters there are.
//
// For each filter it knows hooks: things of which a record must have one to match, such
// as an attribute of some text, or four letters in the body. The hooks of all filters
// are looked up at once, by walking through the record; only filters on whose hooks the
// record hangs are evaluated. Of the hooks that a filter could have, those are taken that
// fewest other filters share. Filters without any, such as "not this", are evaluated on
// every record.
//
// Search engines that store queries and match documents against them call that
// percolation.
package percolator

import (
	"fmt"
	"sync"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

// Percolator is a set of filters. It is safe for concurrent use.
type Percolator struct {
	matchers []*filter.Matcher
	// always are the filters without hooks.
	always []int32
	// log and resource have the hooks on attributes, own those on other fields.
	log, resource map[string]*fieldHooks
	own           map[filter.Place]*fieldHooks
	body          gramHooks

	scratches sync.Pool
}

// Filter is a filter that is prepared for percolators, of which it may be in several. It
// does not change.
type Filter struct {
	matcher *filter.Matcher
	options []option
}

// Compile prepares a filter. The error is that of filter.Compile.
func Compile(expression filter.Expression) (*Filter, error) {
	matcher, err := filter.Compile(expression)
	if err != nil {
		return nil, err
	}
	return &Filter{matcher, optionsOf(filter.Normalize(expression))}, nil
}

// New returns a percolator of filters, which are known by their index. The error is that
// of filter.Compile, with the index.
func New(filters []filter.Expression) (*Percolator, error) {
	compiled := make([]*Filter, len(filters))
	for i, expression := range filters {
		var err error
		if compiled[i], err = Compile(expression); err != nil {
			return nil, fmt.Errorf("filter %d: %w", i, err)
		}
	}
	return Of(compiled), nil
}

// Of returns a percolator of prepared filters, which are known by their index.
func Of(filters []*Filter) *Percolator {
	p := &Percolator{
		matchers: make([]*filter.Matcher, len(filters)),
		log:      map[string]*fieldHooks{}, resource: map[string]*fieldHooks{}, own: map[filter.Place]*fieldHooks{},
	}
	popularity := map[hook]int{}
	for i, f := range filters {
		p.matchers[i] = f.matcher
		for _, one := range f.options {
			for _, h := range one.candidates() {
				popularity[h]++
			}
		}
	}
	for i, f := range filters {
		p.add(int32(i), cheapest(f.options, popularity)) //nolint:gosec // there are not as many
	}
	p.body.finish()
	p.scratches.New = func() any { return &scratch{seen: make([]uint32, len(filters))} }
	return p
}

// add hangs a filter on its hooks.
func (p *Percolator) add(index int32, hooks []hook) {
	if hooks == nil {
		p.always = append(p.always, index)
	}
	for _, h := range hooks {
		if h.kind == hookGram {
			p.body.add(h.text, index)
			continue
		}
		for _, fields := range p.tablesOf(h) {
			fields.add(h, index)
		}
	}
}

// tablesOf returns where a hook on a field is kept: one that may be on either kind of
// attributes is on both.
func (p *Percolator) tablesOf(h hook) []*fieldHooks {
	switch h.place {
	case filter.PlaceLogAttribute:
		return []*fieldHooks{entry(p.log, h.key)}
	case filter.PlaceResourceAttribute:
		return []*fieldHooks{entry(p.resource, h.key)}
	case filter.PlaceAttribute:
		return []*fieldHooks{entry(p.log, h.key), entry(p.resource, h.key)}
	default:
		return []*fieldHooks{entry(p.own, h.place)}
	}
}

func entry[K comparable](table map[K]*fieldHooks, key K) *fieldHooks {
	hooks, ok := table[key]
	if !ok {
		hooks = &fieldHooks{}
		table[key] = hooks
	}
	return hooks
}

// Len returns the number of filters.
func (p *Percolator) Len() int { return len(p.matchers) }

// Match appends the indexes of the filters that select the record, in no order.
func (p *Percolator) Match(dst []int, r record.Record) []int {
	if len(p.matchers) == 0 {
		return dst
	}
	s := p.scratches.Get().(*scratch) //nolint:forcetypeassert // nothing else is put there
	defer p.scratches.Put(s)
	s.begin()
	s.take(p.always)
	for place, hooks := range p.own {
		if text, ok := (filter.Field{Place: place}).Text(r); ok {
			s.takeText(hooks, text)
		}
	}
	if len(p.log) > 0 {
		s.takeAttributes(p.log, r.Log.Attributes())
	}
	if len(p.resource) > 0 {
		s.takeAttributes(p.resource, r.Resource.Attributes())
	}
	if !p.body.isEmpty() {
		s.takeGrams(&p.body, r)
	}
	for _, index := range s.candidates {
		if p.matchers[index].Matches(r) {
			dst = append(dst, int(index))
		}
	}
	return dst
}
