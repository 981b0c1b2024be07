package mcptools

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// extension marks operations that are tools.
const extension = "x-mcp-tool"

// object is a JSON object.
type object = map[string]any

// operation is an operation of the API that is a tool.
type operation struct {
	name, description string
	method, path      string
	// pathParameters and queryParameters are names of arguments.
	pathParameters, queryParameters []string
	// bodyMembers are the names of arguments that are members of the body; nil is no
	// body.
	bodyMembers []string
	// schema is that of the arguments.
	schema object
}

// isReadOnly reports whether the operation changes nothing: a GET, or a POST that is a
// question.
func (o operation) isReadOnly() bool { return o.method == http.MethodGet }

// document is an OpenAPI document.
type document struct{ root object }

func parseDocument(text []byte) (document, error) {
	var d document
	if err := yaml.Unmarshal(text, &d.root); err != nil {
		return document{}, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	return d, nil
}

// operations returns those that are tools, by their names.
func (d document) operations() ([]operation, error) {
	byName := map[string]operation{}
	paths, _ := d.root["paths"].(object)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item := d.resolve(paths[path])
		for method, value := range item {
			details, ok := value.(object)
			if !ok || details[extension] == nil {
				continue
			}
			o, err := d.operation(path, strings.ToUpper(method), item, details)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", method, path, err)
			}
			// The same operation may have several paths; the last of them, in the order of
			// the alphabet, is the one under /api/projects/.
			byName[o.name] = o
		}
	}
	all := slices.Collect(maps.Values(byName))
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

func (d document) operation(path, method string, item, details object) (operation, error) {
	name, ok := details[extension].(string)
	if !ok {
		return operation{}, fmt.Errorf("%s must be the name of a tool", extension)
	}
	o := operation{name: name, method: method, path: path, description: textOf(details["summary"])}
	if more := textOf(details["description"]); more != "" {
		o.description += "\n\n" + more
	}
	properties, required := object{}, []any{}
	for _, value := range append(list(item["parameters"]), list(details["parameters"])...) {
		parameter := d.resolve(value)
		argument, isRequired := textOf(parameter["name"]), parameter["required"] == true
		switch parameter["in"] {
		case "path":
			o.pathParameters = append(o.pathParameters, argument)
			isRequired = isRequired && argument != projectArgument
		case "query":
			o.queryParameters = append(o.queryParameters, argument)
		default:
			continue // headers are the assistant's
		}
		schema := maps.Clone(d.inline(parameter["schema"], nil))
		if described := textOf(parameter["description"]); described != "" {
			schema["description"] = described
		}
		properties[argument] = schema
		if isRequired {
			required = append(required, argument)
		}
	}
	if body := d.bodyOf(details); body != nil {
		members, _ := body["properties"].(object)
		o.bodyMembers = slices.Sorted(maps.Keys(members))
		maps.Copy(properties, members)
		required = append(required, list(body["required"])...)
	}
	o.schema = object{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
	return o, nil
}

// bodyOf returns the schema of the JSON body; nil if there is none.
func (d document) bodyOf(details object) object {
	body := d.resolve(details["requestBody"])
	content, _ := body["content"].(object)
	media, ok := content["application/json"].(object)
	if !ok {
		return nil
	}
	return merged(d.inline(media["schema"], nil))
}

// merged returns an object's schema with the properties that the parts of its allOf have,
// too, and what they require.
func merged(schema object) object {
	properties, required := object{}, slices.Clone(list(schema["required"]))
	for _, value := range list(schema["allOf"]) {
		if part, ok := value.(object); ok {
			part = merged(part)
			maps.Copy(properties, part["properties"].(object)) //nolint:forcetypeassert // merged makes it
			required = append(required, list(part["required"])...)
		}
	}
	own, _ := schema["properties"].(object)
	maps.Copy(properties, own)
	return object{"properties": properties, "required": required}
}

// resolve returns what a value is or refers to.
func (d document) resolve(value any) object {
	for {
		found, _ := value.(object)
		reference := textOf(found["$ref"])
		if reference == "" {
			return found
		}
		value = d.at(reference)
	}
}

// at returns what a reference such as #/components/schemas/Row is to.
func (d document) at(reference string) any {
	var value any = d.root
	for step := range strings.SplitSeq(strings.TrimPrefix(reference, "#/"), "/") {
		found, _ := value.(object)
		value = found[step]
	}
	return value
}

// inline returns a schema without references, as tools have no other document to refer
// to. A schema in itself becomes any object there.
func (d document) inline(value any, open []string) object {
	found, _ := value.(object)
	if reference := textOf(found["$ref"]); reference != "" {
		if slices.Contains(open, reference) {
			return object{"type": "object"}
		}
		inlined := maps.Clone(d.inline(d.at(reference), append(slices.Clone(open), reference)))
		for name, more := range found {
			if name != "$ref" {
				inlined[name] = more
			}
		}
		return inlined
	}
	return d.inlineAny(found, open).(object) //nolint:forcetypeassert // what an object becomes
}

func (d document) inlineAny(value any, open []string) any {
	switch v := value.(type) {
	case object:
		if textOf(v["$ref"]) != "" {
			return d.inline(v, open)
		}
		inlined := object{}
		for name, member := range v {
			inlined[name] = d.inlineAny(member, open)
		}
		return inlined
	case []any:
		inlined := make([]any, len(v))
		for i, element := range v {
			inlined[i] = d.inlineAny(element, open)
		}
		return inlined
	default:
		return value
	}
}

func list(value any) []any {
	values, _ := value.([]any)
	return values
}

func textOf(value any) string {
	text, _ := value.(string)
	return strings.TrimSpace(text)
}
