package record

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// appendStringByByte is appendString as plainly as it can be.
func appendStringByByte(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(dst, replacement...)
		case r < ' ' || r == '"' || r == '\\':
			dst = appendEscape(dst, s[i])
		default:
			dst = append(dst, s[i:i+size]...)
		}
		i += size
	}
	return append(dst, '"')
}

// Every byte, at every place of a text, is written as by the plain version.
func TestAppendStringAtEveryPlace(t *testing.T) {
	for length := range 30 {
		for place := range length {
			for c := range 256 {
				text := []byte(strings.Repeat("x", length))
				text[place] = byte(c)
				require.Equal(t, string(appendStringByByte(nil, string(text))), string(appendString(nil, string(text))), "%q", text)
			}
		}
	}
}

func FuzzAppendString(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		text := make([]byte, random.IntN(60))
		for i := range text {
			text[i] = byte(random.Uint32())
		}
		f.Add(string(text))
	}
	f.Add(`Åse "Nordmann" \ 東京` + "\x1f \x7f \u2028 \xff tail of ASCII")
	f.Fuzz(func(t *testing.T, text string) {
		require.Equal(t, string(appendStringByByte(nil, text)), string(appendString(nil, text)))
	})
}

// The order is that of a stable sort by key, for as many pairs as are sorted by insertion
// and for more.
func TestPairsAreSortedStably(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for count := range 2 * few {
		var e encoder
		for i := range count {
			e.pairs = append(e.pairs, pair{key: strconv.Itoa(random.IntN(20)), value: pcommon.NewValueInt(int64(i))})
		}
		sorted := slices.Clone(e.pairs)
		slices.SortStableFunc(sorted, func(a, b pair) int { return strings.Compare(a.key, b.key) })
		want := []string{}
		for _, p := range sorted {
			want = append(want, `{"key":"`+p.key+`","value":{"intValue":"`+p.value.AsString()+`"}}`)
		}
		require.Equal(t, "["+strings.Join(want, ",")+"]", string(e.appendPairs(nil, 0)))
		require.Empty(t, e.pairs)
	}
}
