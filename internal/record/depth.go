package record

import "go.opentelemetry.io/collector/pdata/pcommon"

// IsDeeper reports whether a value of the record, its scope or its resource has more than
// that many levels of maps and slices.
func (r Record) IsDeeper(levels int) bool {
	if IsDeeper(r.Log.Body(), levels) {
		return true
	}
	for _, attributes := range []pcommon.Map{r.Log.Attributes(), r.Scope.Attributes(), r.Resource.Attributes()} {
		if _, ok := DeeperAttribute(attributes, levels); ok {
			return true
		}
	}
	return false
}

// IsDeeper reports whether a value has more than that many levels of maps and slices.
func IsDeeper(value pcommon.Value, levels int) bool {
	switch value.Type() {
	case pcommon.ValueTypeMap:
		if levels == 0 {
			return true
		}
		_, ok := DeeperAttribute(value.Map(), levels-1)
		return ok
	case pcommon.ValueTypeSlice:
		if levels == 0 {
			return true
		}
		for _, element := range value.Slice().All() {
			if IsDeeper(element, levels-1) {
				return true
			}
		}
	default: // has nothing inside
	}
	return false
}

// DeeperAttribute returns the name of the first attribute whose value IsDeeper.
func DeeperAttribute(attributes pcommon.Map, levels int) (name string, ok bool) {
	for name, value := range attributes.All() {
		if IsDeeper(value, levels) {
			return name, true
		}
	}
	return "", false
}
