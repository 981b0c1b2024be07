package percolator

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

// scratch is what one Match works with.
type scratch struct {
	candidates []int32
	// seen has, for each filter, the round in which it last became a candidate.
	seen  []uint32
	round uint32
	path  []byte
}

// begin starts a round.
func (s *scratch) begin() {
	s.candidates = s.candidates[:0]
	if s.round++; s.round == 0 { // it has come round
		clear(s.seen)
		s.round = 1
	}
}

// take makes filters candidates.
func (s *scratch) take(indexes []int32) {
	for _, index := range indexes {
		if s.seen[index] != s.round {
			s.seen[index] = s.round
			s.candidates = append(s.candidates, index)
		}
	}
}

// takeText takes what hangs on a field with a text.
func (s *scratch) takeText(hooks *fieldHooks, text string) {
	s.take(hooks.present)
	s.take(hooks.texts[text])
	if hooks.numbers != nil {
		if number, ok := filter.Number(text); ok {
			s.take(hooks.numbers[number])
		}
	}
}

// takeAttributes takes what hangs on attributes, and on what is in them by its path.
func (s *scratch) takeAttributes(table map[string]*fieldHooks, attributes pcommon.Map) {
	for key, value := range attributes.All() {
		if hooks, ok := table[key]; ok {
			s.takeValue(hooks, value)
		}
		if value.Type() == pcommon.ValueTypeMap {
			s.path = append(s.path[:0], key...)
			s.takeInner(table, value.Map())
		}
	}
}

// takeInner does so for a map in an attribute, whose path is in s.path.
func (s *scratch) takeInner(table map[string]*fieldHooks, m pcommon.Map) {
	outer := len(s.path)
	for key, value := range m.All() {
		s.path = append(append(s.path[:outer], '.'), key...)
		if hooks, ok := table[string(s.path)]; ok {
			s.takeValue(hooks, value)
		}
		if value.Type() == pcommon.ValueTypeMap {
			s.takeInner(table, value.Map())
		}
	}
	s.path = s.path[:outer]
}

func (s *scratch) takeValue(hooks *fieldHooks, value pcommon.Value) {
	if hooks.texts == nil && hooks.numbers == nil {
		s.take(hooks.present)
		return
	}
	s.takeText(hooks, filter.Text(value))
}

// takeGrams takes what hangs on the body.
func (s *scratch) takeGrams(hooks *gramHooks, r record.Record) {
	hooks.find(filter.Fold(filter.Text(r.Log.Body())), s.take)
}
