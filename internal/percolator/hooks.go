package percolator

import (
	"github.com/docketlog/docket/internal/filter"
)

// hookKind is what of a record a hook is about.
type hookKind int

const (
	// hookText is a field that has a text.
	hookText hookKind = iota
	// hookNumber is a field of which the text is a number.
	hookNumber
	// hookPresence is an attribute that is there.
	hookPresence
	// hookGram is up to gramSize folded bytes in the body.
	hookGram
)

// hook is something that a record has or has not.
type hook struct {
	kind   hookKind
	place  filter.Place
	key    string
	text   string
	number float64
}

// option is one way to hang up a filter: a record that it selects has at least one of
// the hooks. Where a hook may be any of several, the least popular one is taken.
type option struct {
	// choices has, for each thing of which a record must have one, what stands for it.
	choices [][]hook
}

// candidates are all hooks that may be used.
func (o option) candidates() []hook {
	var all []hook
	for _, choice := range o.choices {
		all = append(all, choice...)
	}
	return all
}

// maxOptions bounds how many ways to hang up a filter are looked at.
const maxOptions = 16

// optionsOf returns ways to hang up a normalized expression; none if there are none.
func optionsOf(normal filter.Expression) []option {
	switch e := normal.(type) {
	case filter.And:
		var options []option
		for _, part := range e {
			options = append(options, optionsOf(part)...)
			if len(options) >= maxOptions {
				break
			}
		}
		return options
	case filter.Or:
		return optionsOfAny(e)
	default:
		if one, ok := optionOfLeaf(normal); ok {
			return []option{one}
		}
		return nil
	}
}

// optionsOfAny returns the one way to hang up an Or: on the hooks of all its parts,
// those of the first way of each.
func optionsOfAny(parts filter.Or) []option {
	joined := option{choices: [][]hook{}}
	for _, part := range parts {
		options := optionsOf(part)
		if len(options) == 0 {
			return nil
		}
		joined.choices = append(joined.choices, best(options).choices...)
	}
	return []option{joined}
}

// best returns the option with the most telling hooks, as long as nothing is known of
// other filters.
func best(options []option) option {
	chosen, least := options[0], weightOf(options[0])
	for _, one := range options[1:] {
		if weight := weightOf(one); weight < least {
			chosen, least = one, weight
		}
	}
	return chosen
}

func weightOf(o option) int {
	sum := 0
	for _, choice := range o.choices {
		sum += choice[0].weight()
	}
	return sum
}

// weight estimates how many records have a hook.
func (h hook) weight() int {
	const often, sometimes, seldom = 64, 8, 1
	switch {
	case h.kind == hookPresence, h.place == filter.PlaceLevel, h.place == filter.PlaceSeverityNumber:
		return often
	case h.kind == hookGram && len(h.text) < gramSize:
		return often
	case h.kind == hookGram, h.place == filter.PlaceService, h.place == filter.PlaceEventName:
		return sometimes
	default:
		return seldom
	}
}

// cheapest returns the hooks of the option that costs least: hooks that many records
// have, or that many filters share, cost more. Nil is no option.
func cheapest(options []option, popularity map[hook]int) []hook {
	var chosen []hook
	least := 0
	for _, one := range options {
		hooks := make([]hook, 0, len(one.choices))
		cost := 0
		for _, choice := range one.choices {
			rarest := choice[0]
			for _, h := range choice[1:] {
				if popularity[h] < popularity[rarest] {
					rarest = h
				}
			}
			hooks = append(hooks, rarest)
			cost += rarest.weight() * popularity[rarest]
		}
		if chosen == nil || cost < least {
			chosen, least = hooks, cost
		}
	}
	return chosen
}

// optionOfLeaf returns how to hang up a leaf; ok is false if it cannot be.
func optionOfLeaf(leaf filter.Expression) (o option, ok bool) {
	switch e := leaf.(type) {
	case filter.Equal:
		return optionOfEqual(e)
	case filter.EqualNumber:
		return optionOfNumbers(e)
	case filter.Contains:
		if e.Field.Place == filter.PlaceBody {
			return optionOfParts(e.Parts)
		}
	case filter.Wildcard:
		if e.Field.Place == filter.PlaceBody {
			return optionOfParts([]string{longest(e.Parts)})
		}
	}
	field, _, ok := filter.Predicate(leaf)
	if !ok || !field.IsAttribute() {
		return option{}, false
	}
	return option{[][]hook{{{kind: hookPresence, place: field.Place, key: field.Key}}}}, true
}

func optionOfEqual(e filter.Equal) (option, bool) {
	if e.Field.IsTime() || e.Field.Place == filter.PlaceBody {
		return option{}, false
	}
	choices := make([][]hook, len(e.Values))
	for i, value := range e.Values {
		choices[i] = []hook{{kind: hookText, place: e.Field.Place, key: e.Field.Key, text: value}}
	}
	return option{choices}, true
}

func optionOfNumbers(e filter.EqualNumber) (option, bool) {
	if e.Field.IsTime() || e.Field.Place == filter.PlaceBody {
		return option{}, false
	}
	choices := make([][]hook, len(e.Values))
	for i, value := range e.Values {
		if value != value { //nolint:gocritic // NaN, which equals nothing and is no key
			return option{}, false
		}
		choices[i] = []hook{{kind: hookNumber, place: e.Field.Place, key: e.Field.Key, number: value + 0}} // -0 is 0
	}
	return option{choices}, true
}

// optionOfParts returns how to hang up what has one of the parts in the body.
func optionOfParts(parts []string) (option, bool) {
	choices := make([][]hook, len(parts))
	for i, part := range parts {
		folded := filter.Fold(part)
		if folded == "" {
			return option{}, false
		}
		size := min(gramSize, len(folded))
		for at := 0; at+size <= len(folded); at++ {
			choices[i] = append(choices[i], hook{kind: hookGram, text: folded[at : at+size]})
		}
	}
	return option{choices}, true
}

func longest(parts []string) string {
	found := ""
	for _, part := range parts {
		if len(part) > len(found) {
			found = part
		}
	}
	return found
}

// fieldHooks are the hooks on one field.
type fieldHooks struct {
	present []int32
	texts   map[string][]int32
	numbers map[float64][]int32
}

func (f *fieldHooks) add(h hook, index int32) {
	switch h.kind {
	case hookText:
		if f.texts == nil {
			f.texts = map[string][]int32{}
		}
		f.texts[h.text] = append(f.texts[h.text], index)
	case hookNumber:
		if f.numbers == nil {
			f.numbers = map[float64][]int32{}
		}
		f.numbers[h.number] = append(f.numbers[h.number], index)
	default:
		f.present = append(f.present, index)
	}
}
