package record_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/record"
)

func TestDepth(t *testing.T) {
	places := map[string]func(r record.Record) pcommon.Value{
		"body":               func(r record.Record) pcommon.Value { return r.Log.Body() },
		"attribute":          func(r record.Record) pcommon.Value { return r.Log.Attributes().PutEmpty("deep") },
		"scope attribute":    func(r record.Record) pcommon.Value { return r.Scope.Attributes().PutEmpty("deep") },
		"resource attribute": func(r record.Record) pcommon.Value { return r.Resource.Attributes().PutEmpty("deep") },
	}
	for name, place := range places {
		t.Run(name, func(t *testing.T) {
			r := record.New()
			r.Log.Attributes().PutStr("flat", "text")
			value := place(r)
			assert.False(t, r.IsDeeper(0))
			for level := range 4 {
				if level%2 == 0 {
					value = value.SetEmptySlice().AppendEmpty()
				} else {
					value = value.SetEmptyMap().PutEmpty("inner")
				}
			}
			assert.True(t, r.IsDeeper(0))
			assert.True(t, r.IsDeeper(3))
			assert.False(t, r.IsDeeper(4))
		})
	}
}

func TestDeeperAttributeNamesTheFirst(t *testing.T) {
	attributes := pcommon.NewMap()
	attributes.PutStr("flat", "text")
	attributes.PutEmptySlice("list")
	attributes.PutEmptyMap("map").PutEmptyMap("inner")
	name, ok := record.DeeperAttribute(attributes, 0)
	assert.True(t, ok)
	assert.Equal(t, "list", name)
	name, ok = record.DeeperAttribute(attributes, 1)
	assert.True(t, ok)
	assert.Equal(t, "map", name)
	_, ok = record.DeeperAttribute(attributes, 2)
	assert.False(t, ok)
}
