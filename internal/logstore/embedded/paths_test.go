package embedded

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func TestParsePaths(t *testing.T) {
	paths, err := parsePaths(`ma.b,sa.b.\,c,na.d|sx.y`)
	require.NoError(t, err)
	assert.Equal(t, [pathSections][]shapeEntry{
		{{pcommon.ValueTypeMap, "a.b"}, {pcommon.ValueTypeStr, "a.b.,c"}, {pcommon.ValueTypeEmpty, "a.d"}},
		{{pcommon.ValueTypeStr, "x.y"}},
	}, paths)
	for _, damaged := range []string{"sa", "?a|", "sa|sb|", "|", "sa,|"} {
		_, err := parsePaths(damaged)
		if damaged == "|" {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, errShape, damaged)
	}
}

// What cannot be read has to be looked at in the record.
func TestPresenceOfTheDamaged(t *testing.T) {
	assert.Equal(t, inner, presenceKey{shape: "?", key: "a.b"}.find())
	assert.Equal(t, inner, presenceKey{shape: "1s|||", paths: "?", key: "a.b"}.find())
	assert.Equal(t, absent, presenceKey{shape: "1s|||", paths: "?", key: "a"}.find())
}

func FuzzParsePaths(f *testing.F) {
	for _, seed := range []string{"", "|", `ma.b,sa.b.\,c,na.d|sx.y`, "sa", `s\`, "s|s|s"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		paths, err := parsePaths(text)
		if err != nil || text == "" {
			return
		}
		var again []byte
		for s, section := range paths {
			if s > 0 {
				again = append(again, '|')
			}
			for i, entry := range section {
				again = appendShapeEntry(again, i == 0, entry.kind, entry.key)
			}
		}
		require.Equal(t, text, string(again))
	})
}
