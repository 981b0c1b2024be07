package mapped

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestIDs(t *testing.T) {
	for text, isKnown := range map[string]bool{
		"AZqo8s3qTk2vW1bC_x-9":                 true, // as the cluster makes them
		"____________________":                 true,
		"--------------------":                 true,
		"AAAAAAAAAAAAAAAAAAAA":                 true,
		"0199a8f2-cdea-7e4d-af5b-56c2ff1fbd01": true,
		"0199A8F2-CDEA-7E4D-AF5B-56C2FF1FBD01": false,
		"1":                                    false,
		"":                                     false,
		"order/4711":                           false,
		"AZqo8s3qTk2vW1bC_x-":                  false,
	} {
		id := idOf(text)
		parsed, err := uuid.Parse(id)
		require.NoError(t, err, text)
		assert.Equal(t, parsed.String(), id)
		assert.Equal(t, uuid.RFC4122, parsed.Variant())
		back, ok := textOfID(id)
		assert.Equal(t, isKnown, ok, text)
		if isKnown {
			assert.Equal(t, text, back)
		}
	}
	assert.NotEqual(t, idOf("a"), idOf("b"))
	_, ok := textOfID("no UUID")
	assert.False(t, ok)
}

func FuzzIDs(f *testing.F) {
	f.Add("AZqo8s3qTk2vW1bC_x-9")
	f.Add("0199a8f2-cdea-7e4d-af5b-56c2ff1fbd01")
	f.Fuzz(func(t *testing.T, text string) {
		if back, ok := textOfID(idOf(text)); ok {
			assert.Equal(t, text, back)
		}
	})
}
