package filter

import (
	"slices"

	"github.com/docketlog/docket/internal/record"
)

// Levels matches a record whose level is one of the listed ones. An empty list
// matches no record. It is short for Equal on PlaceLevel.
type Levels []record.Level

// Services matches a record whose service, as Service returns it, equals one of
// the listed names exactly; "" matches a record without a service. An empty list
// matches no record. It is short for Equal on PlaceService, or-ed with not Exists if
// "" is in the list.
type Services []string

// BodyContains matches a record whose body, as Text returns it, contains the
// string, without regard to case (Unicode simple case folding). "" matches every
// record. Bytes that are not UTF-8 count as U+FFFD, on both sides. Unless it is "",
// it is short for Contains on PlaceBody.
type BodyContains string

// Service returns the text of the record's resource attribute service.name, or ""
// when it has none.
func Service(r record.Record) string {
	service, ok := r.Resource.Attributes().Get(record.AttributeServiceName)
	if !ok {
		return ""
	}
	return Text(service)
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

// long returns what the short form is short for.
func (levels Levels) long() Expression {
	names := make([]string, len(levels))
	for i, level := range levels {
		names[i] = string(level)
	}
	return Equal{Field: Field{Place: PlaceLevel}, Values: names}
}

func (services Services) long() Expression {
	service := Field{Place: PlaceService}
	named := slices.DeleteFunc(slices.Clone(services), func(name string) bool { return name == "" })
	equal := Equal{Field: service, Values: named}
	if len(named) < len(services) {
		return Or{equal, Not{Exists{service}}}
	}
	return equal
}

func (part BodyContains) long() Expression {
	if part == "" {
		return And{}
	}
	return Contains{Field: Field{Place: PlaceBody}, Parts: []string{string(part)}}
}
