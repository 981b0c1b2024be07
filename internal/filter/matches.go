package filter

import (
	"slices"
	"strings"
	"unicode"

	"github.com/docketlog/docket/internal/record"
)

// Matches reports whether the expression selects the record.
func Matches(expression Expression, r record.Record) bool {
	return expression == nil || expression.matches(r)
}

// Service returns the text of the record's resource attribute service.name, or ""
// when it has none.
func Service(r record.Record) string {
	service, ok := r.Resource.Attributes().Get(record.AttributeServiceName)
	if !ok {
		return ""
	}
	return Text(service)
}

func (parts And) matches(r record.Record) bool {
	for _, part := range parts {
		if !Matches(part, r) {
			return false
		}
	}
	return true
}

func (levels Levels) matches(r record.Record) bool {
	return slices.Contains(levels, record.LevelOf(r.Log.SeverityNumber()))
}

func (services Services) matches(r record.Record) bool {
	return slices.Contains(services, Service(r))
}

func (part BodyContains) matches(r record.Record) bool {
	return part == "" || containsFold(Text(r.Log.Body()), string(part))
}

// containsFold reports whether text contains part under simple case folding.
func containsFold(text, part string) bool {
	return strings.Contains(fold(text), fold(part))
}

// fold maps every letter to one representative of those that differ from it only
// in case, and every byte that is not UTF-8 to U+FFFD.
func fold(text string) string { return strings.Map(foldRune, text) }

func foldRune(r rune) rune {
	if r < unicode.MaxASCII && r != 'k' && r != 's' && r != 'K' && r != 'S' {
		return unicode.ToUpper(r) // k and s have relatives outside ASCII
	}
	smallest := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		smallest = min(smallest, next)
	}
	return smallest
}
