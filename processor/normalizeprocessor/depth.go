package normalizeprocessor

import (
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
	if name, deep := record.DeeperAttribute(resource.Resource().Attributes(), maxDepth); deep {
		return refuseArgument("the resource attribute %q is nested more than %d levels deep", name, maxDepth)
	}
	for _, scope := range resource.ScopeLogs().All() {
		if name, deep := record.DeeperAttribute(scope.Scope().Attributes(), maxDepth); deep {
			return refuseArgument("the scope attribute %q is nested more than %d levels deep", name, maxDepth)
		}
	}
	for r := range record.AllOf(resource) {
		if record.IsDeeper(r.Log.Body(), maxDepth) {
			return refuseArgument("the body of a record is nested more than %d levels deep", maxDepth)
		}
		if name, deep := record.DeeperAttribute(r.Log.Attributes(), maxDepth); deep {
			return refuseArgument("the attribute %q is nested more than %d levels deep", name, maxDepth)
		}
	}
	return nil
}
