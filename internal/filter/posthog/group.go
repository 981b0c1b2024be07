package posthog

import (
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/docketlog/docket/internal/filter"
)

// Names of the parts of groups and leaves.
const (
	nameType     = "type"
	nameValues   = "values"
	nameKey      = "key"
	nameOperator = "operator"
	nameValue    = "value"

	typeAnd = "AND"
	typeOr  = "OR"
)

func (p *parser) filterGroup(object map[string]any) (filter.Expression, error) {
	switch group := object[nameFilterGroup].(type) {
	case nil:
		return nil, nil //nolint:nilnil // nil is the expression for every record
	case map[string]any:
		return p.node(nameFilterGroup, group, 1)
	case []any:
		parts, err := p.nodes(nameFilterGroup, group, 1)
		if err != nil {
			return nil, err
		}
		return join(typeAnd, parts), nil
	default:
		return nil, problem(nameFilterGroup, `is %s: send a group such as {"type": "AND", "values": []}, or a list of filters`, kindOf(group))
	}
}

// node reads a group or a leaf; nil if there is nothing in it.
func (p *parser) node(path string, object map[string]any, depth int) (filter.Expression, error) {
	if p.conditions++; p.conditions > filter.MaxConditions {
		return nil, problem(path, "is one too many: send at most %d filters and groups", filter.MaxConditions)
	}
	kind, err := p.requiredString(path, object, nameType)
	if err != nil {
		return nil, err
	}
	_, hasValues := object[nameValues]
	if kind != typeAnd && kind != typeOr {
		if hasValues && !slices.Contains(leafTypes(), kind) {
			return nil, problem(path+"."+nameType, "%s is no type of group: send AND or OR", quote(kind))
		}
		return p.leaf(path, object, kind)
	}
	path += "." + nameValues
	if depth > filter.MaxDepth {
		return nil, problem(path, "is nested too deeply: send at most %d groups in each other", filter.MaxDepth)
	}
	if !hasValues {
		return nil, problem(path, "is missing: send a list of filters and groups")
	}
	list, ok := object[nameValues].([]any)
	if !ok {
		return nil, problem(path, "is %s: send a list of filters and groups", kindOf(object[nameValues]))
	}
	parts, err := p.nodes(path, list, depth+1)
	if err != nil {
		return nil, err
	}
	return join(kind, parts), nil
}

// nodes reads groups and leaves and leaves out those with nothing in them.
func (p *parser) nodes(path string, list []any, depth int) ([]filter.Expression, error) {
	var parts []filter.Expression
	for i, element := range list {
		object, ok := element.(map[string]any)
		if !ok {
			return nil, problem(index(path, i), "is %s: send a filter or a group", kindOf(element))
		}
		part, err := p.node(index(path, i), object, depth)
		if err != nil {
			return nil, err
		}
		if part != nil {
			parts = append(parts, part)
		}
	}
	return parts, nil
}

// join returns the expression of a group; nil if there is nothing in it.
func join(kind string, parts []filter.Expression) filter.Expression {
	switch {
	case len(parts) == 0:
		return nil
	case len(parts) == 1:
		return parts[0]
	case kind == typeOr:
		return filter.Or(parts)
	default:
		return filter.And(parts)
	}
}

// requiredString reads a string that must not be empty.
func (p *parser) requiredString(path string, object map[string]any, name string) (string, error) {
	path += "." + name
	value, ok := object[name]
	if !ok || value == nil {
		return "", problem(path, "is missing: send a string")
	}
	text, ok := value.(string)
	if !ok {
		return "", problem(path, "is %s: send a string", kindOf(value))
	}
	if text == "" {
		return "", problem(path, "is empty: send a string")
	}
	return text, p.count(path, text)
}

// count checks the lengths of a value and of all so far.
func (p *parser) count(path, value string) error {
	length := utf8.RuneCountInString(value)
	if length > filter.MaxLength {
		return problem(path, "has %d characters: send at most %d", length, filter.MaxLength)
	}
	if p.length += length; p.length > filter.MaxTotalLength {
		return problem(path, "is too much: send values of at most %d characters together", filter.MaxTotalLength)
	}
	return nil
}

// index returns the path of an element of a list.
func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
