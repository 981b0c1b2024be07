package embedded

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func TestShape(t *testing.T) {
	tests := map[string]struct {
		shape shape
		text  string
	}{
		"empty": {shape{}, "1n|||"},
		"every type": {
			shape{body: pcommon.ValueTypeStr, sections: [sectionCount][]shapeEntry{
				sectionLog: {
					{pcommon.ValueTypeStr, "s"}, {pcommon.ValueTypeInt, "i"}, {pcommon.ValueTypeDouble, "d"}, {pcommon.ValueTypeBool, "b"},
				},
				sectionResource: {{pcommon.ValueTypeMap, "m"}, {pcommon.ValueTypeSlice, "l"}},
				sectionScope:    {{pcommon.ValueTypeBytes, "x"}, {pcommon.ValueTypeEmpty, "n"}},
			}},
			"1s|ss,ii,dd,bb|mm,ll|xx,nn",
		},
		"keys": {
			shape{sections: [sectionCount][]shapeEntry{
				sectionLog:      {{pcommon.ValueTypeStr, ""}, {pcommon.ValueTypeStr, "a,b|c\\"}, {pcommon.ValueTypeStr, "|"}},
				sectionResource: {{pcommon.ValueTypeStr, ""}},
				sectionScope:    {{pcommon.ValueTypeStr, "ключ\xff"}},
			}},
			`1n|s,sa\,b\|c\\,s\||s|sключ` + "\xff",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.text, test.shape.String())
			parsed, err := parseShape(test.text)
			require.NoError(t, err)
			assert.Equal(t, test.shape, parsed)
		})
	}
}

func TestDamagedShape(t *testing.T) {
	for _, text := range []string{
		"", "1", "2n|||", "1q|||", "1n", "1n||", "1n||||", "1nx|||", "1n|q|||", "1n|sa,|||", "1n|sa,,sb||", `1n|s\a||`, `1n|||s\`, "1n|,||",
	} {
		_, err := parseShape(text)
		require.ErrorIs(t, err, errShape, text)
	}
}

func FuzzShape(f *testing.F) {
	f.Add("1n|||")
	f.Add(`1s|s,sa\,b\|c\\,s\||s|sключ`)
	f.Add("1m|ia,db|lc|xd,ne")
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := parseShape(text)
		if err != nil {
			require.ErrorIs(t, err, errShape)
			return
		}
		require.Equal(t, text, parsed.String())
	})
}
