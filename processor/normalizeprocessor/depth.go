package normalizeprocessor

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
)

// maxDepth is how deep lists and maps may be nested in a value. Everything that
// reads values does so by recursion, and a request of a few megabytes can nest
// them so deep that the stack overflows, which ends the process.
const maxDepth = 32

// checkDepth returns a refusal when a value of the resource or of its records is
// nested deeper than maxDepth.
func checkDepth(resource plog.ResourceLogs) error {
	if name, deep := deepAttribute(resource.Resource().Attributes()); deep {
		return refuseArgument("the resource attribute %q is nested more than %d levels deep", name, maxDepth)
	}
	for _, scope := range resource.ScopeLogs().All() {
		if name, deep := deepAttribute(scope.Scope().Attributes()); deep {
			return refuseArgument("the scope attribute %q is nested more than %d levels deep", name, maxDepth)
		}
	}
	for r := range record.AllOf(resource) {
		if exceedsDepth(r.Log.Body(), maxDepth) {
			return refuseArgument("the body of a record is nested more than %d levels deep", maxDepth)
		}
		if name, deep := deepAttribute(r.Log.Attributes()); deep {
			return refuseArgument("the attribute %q is nested more than %d levels deep", name, maxDepth)
		}
	}
	return nil
}

// deepAttribute returns the name of an attribute that is nested too deep.
func deepAttribute(attributes pcommon.Map) (name string, deep bool) {
	for name, value := range attributes.All() {
		if exceedsDepth(value, maxDepth) {
			return name, true
		}
	}
	return "", false
}

// exceedsDepth reports whether value is more than depth lists and maps deep.
func exceedsDepth(value pcommon.Value, depth int) bool {
	switch value.Type() {
	case pcommon.ValueTypeMap:
		if depth == 0 {
			return true
		}
		for _, inner := range value.Map().All() {
			if exceedsDepth(inner, depth-1) {
				return true
			}
		}
	case pcommon.ValueTypeSlice:
		if depth == 0 {
			return true
		}
		for _, inner := range value.Slice().All() {
			if exceedsDepth(inner, depth-1) {
				return true
			}
		}
	default: // has nothing inside
	}
	return false
}
