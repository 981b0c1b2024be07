package normalizeprocessor

import (
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/tenant"
)

// projectOf returns the id of the project that the records of a resource belong
// to. With an identity it is the project that the resource names, if the
// identity may use that, else the one that the identity stands for. Without, it
// is the one that the resource names, else the default one.
func (n normalizer) projectOf(identity *tenant.Identity, resource plog.ResourceLogs) (int64, error) {
	name, err := namedProject(resource.Resource())
	if err != nil {
		return 0, err
	}
	if identity != nil {
		project, err := identity.Project(name)
		if err != nil {
			return 0, refuse(err)
		}
		return project.ID, nil
	}
	if name == "" {
		if n.defaultProject == 0 {
			return 0, refuseArgument("the records name no project: set the resource attribute %s, "+
				"or send them with a key (extension project_key), "+
				"or set default_project of the processor normalize", record.AttributeProjectID)
		}
		return n.defaultProject, nil
	}
	project, err := strconv.ParseInt(name, 10, 64)
	if err != nil || project < 1 {
		return 0, refuseArgument("the resource attribute %s is %q: it must be the id of a project, a number from 1",
			record.AttributeProjectID, name)
	}
	return project, nil
}

// namedProject returns the project that a resource names, by id or UUID, or "".
// Text is accepted because OTEL_RESOURCE_ATTRIBUTES can give nothing else.
func namedProject(resource pcommon.Resource) (string, error) {
	value, ok := resource.Attributes().Get(record.AttributeProjectID)
	if !ok {
		return "", nil
	}
	switch value.Type() {
	case pcommon.ValueTypeInt:
		return strconv.FormatInt(value.Int(), 10), nil
	case pcommon.ValueTypeStr:
		return value.Str(), nil
	case pcommon.ValueTypeEmpty:
		return "", nil
	default:
		return "", refuseArgument("the resource attribute %s must be the id of a project, not a value of type %s",
			record.AttributeProjectID, value.Type())
	}
}

// putProject sets the project of a resource and reports whether that changed it.
func putProject(resource pcommon.Resource, project int64) bool {
	if (record.Record{Resource: resource}).ProjectID() == project {
		return false
	}
	resource.Attributes().PutInt(record.AttributeProjectID, project)
	return true
}
