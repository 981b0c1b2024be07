package embedded

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
)

func TestPack(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "",
		"00ff":                                 "hex_03vg",
		"00FF":                                 "text00FF",
		"0ff":                                  "text0ff",
		"5":                                    "text5",
		"uuid":                                 "textuuid",
		"00000000-0000-0000-0000-000000000001": "uuid00000000000000000000000004",
		"00000000-0000-0000-0000-00000000000A": "text00000000-0000-0000-0000-00000000000A",
		strings.Repeat("00", maxPacked+1):      "text" + strings.Repeat("00", maxPacked+1),
	} {
		assert.Equal(t, want, pack(text))
		assert.Equal(t, text, unpack(want))
	}
	assert.Len(t, pack(strings.Repeat("0f", 32)), packedStart+52)
}

func TestUnpackDamaged(t *testing.T) {
	for _, text := range []string{"", "hex", "hex_?", "uuid!", "uuid04"} {
		assert.NotPanics(t, func() { unpack(text) }, text)
	}
}

// Rows are ordered by their packed ids as records are by their ids.
func TestComparePacked(t *testing.T) {
	texts := []string{"", "0", "00", "01a2", "01a201e9-", "text", "uuid", "zz", "01A201E9-E361-7632-B758-DBA8684B9CA7"}
	for range 20 {
		texts = append(texts, uuid.NewString(), uuid.Must(uuid.NewV7()).String())
	}
	for _, a := range texts {
		for _, b := range texts {
			assert.Equal(t, strings.Compare(a, b), comparePacked(pack(a), pack(b)), "%q, %q", a, b)
		}
	}
}

func FuzzPack(f *testing.F) {
	for _, text := range []string{"", "00ff", "0FF", "00000000-0000-7000-8000-00000000000a", "uuid", "hex_03vg", "text", "\xff"} {
		f.Add(text, "01a201e9-e361-7632-b758-dba8684b9ca7")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		assert.Equal(t, a, unpack(pack(a)))
		assert.Equal(t, strings.Compare(a, b), comparePacked(pack(a), pack(b)))
		assert.Equal(t, a == b, pack(a) == pack(b))
		unpack(a)
	})
}
