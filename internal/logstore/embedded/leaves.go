package embedded

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

// fieldBytes is what the engine counts for a column beside its name and value.
const fieldBytes = len(`,"":""`)

// addLeaves adds columns for the leaves of maps in attributes: for the attribute
// context with the value {"user":{"name":"Ann"}}, attributes.context.user.name.
// A list is a leaf. An attribute whose own name is the same goes before a leaf,
// and the first of two such leaves before the second. The columns take no more
// than the given number of bytes.
func (e *encoder) addLeaves(r record.Record, bytes int) {
	clear(e.taken)
	for _, field := range e.fields {
		e.taken[field.Name] = struct{}{}
	}
	sections := [sectionCount]pcommon.Map{r.Log.Attributes(), r.Resource.Attributes(), r.Scope.Attributes()}
	// Attributes without a column of their own, as they are empty, go before too.
	for s, attributes := range sections {
		for key := range attributes.All() {
			if name, ok := e.set.names[s][key]; ok {
				e.taken[name] = struct{}{}
			}
		}
	}
	for s, attributes := range sections {
		for key, value := range attributes.All() {
			if value.Type() == pcommon.ValueTypeMap {
				bytes = e.addLeavesOf(section(s), key, value.Map(), bytes)
			}
		}
	}
}

// addLeavesOf adds the leaves of a map and returns the number of bytes left.
func (e *encoder) addLeavesOf(s section, path string, leaves pcommon.Map, bytes int) int {
	for key, value := range leaves.All() {
		path := path + "." + key
		if value.Type() == pcommon.ValueTypeMap {
			if len(path) >= maxColumnName {
				e.isOmitting = true
				continue
			}
			bytes = e.addLeavesOf(s, path, value.Map(), bytes)
			continue
		}
		bytes = e.addLeaf(s, path, filter.Text(value), bytes)
	}
	return bytes
}

func (e *encoder) addLeaf(s section, path, text string, bytes int) int {
	if text == "" {
		return bytes
	}
	if !isValidText(path) {
		e.isOmitting = true
		return bytes
	}
	name, ok := e.set.name(s, path, maxLeafColumns)
	size := fieldBytes + len(name) + len(text)
	if !ok || size > bytes {
		e.isOmitting = true
		return bytes
	}
	if _, isTaken := e.taken[name]; isTaken {
		return bytes
	}
	e.taken[name] = struct{}{}
	e.add(name, text)
	return bytes - size
}
