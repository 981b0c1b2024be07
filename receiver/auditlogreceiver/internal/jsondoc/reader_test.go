package jsondoc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

var usualLimits = Limits{Depth: 32, Attributes: 1024}

// read reads a document with an object into a map.
func read(document string, limits Limits) (pcommon.Map, error) {
	var reader Reader
	reader.Reset([]byte(document), limits)
	destination := pcommon.NewMap()
	err := reader.Document(func(key string) error { return reader.Member(destination, key) })
	return destination, err
}

func TestValues(t *testing.T) {
	tests := []struct {
		json string
		want any
	}{
		{`"text"`, "text"},
		{`"a\"\\\/\b\f\n\r\t\u00e5\ud83d\udd12"`, "a\"\\/\b\f\n\r\tå🔒"},
		{`""`, ""},
		{`true`, true},
		{`false`, false},
		{`null`, nil},
		{`0`, int64(0)},
		{`-0`, int64(0)},
		{`-1`, int64(-1)},
		{`9223372036854775807`, int64(math.MaxInt64)},
		{`-9223372036854775808`, int64(math.MinInt64)},
		{`9223372036854775808`, "9223372036854775808"},
		{`-18446744073709551615`, "-18446744073709551615"},
		{`1.0`, 1.0},
		{`1e3`, 1000.0},
		{`1E-2`, 0.01},
		{`1.7976931348623157e308`, math.MaxFloat64},
		{`1e-400`, 0.0},
		{`{}`, map[string]any{}},
		{`[]`, []any{}},
		{`{"a":{"b":[1,{"c":null}]}}`, map[string]any{"a": map[string]any{"b": []any{int64(1), map[string]any{"c": nil}}}}},
	}
	for _, test := range tests {
		got, err := read(`{"key":`+test.json+`}`, usualLimits)
		require.NoError(t, err, test.json)
		assert.Equal(t, map[string]any{"key": test.want}, got.AsRaw(), test.json)
	}
}

func TestErrors(t *testing.T) {
	tests := []struct {
		name, document, field, message string
	}{
		{"empty", ``, "", "is empty: send a JSON object"},
		{"array", `[]`, "", "must be a JSON object"},
		{"cut off", `{"a":`, "", "is not valid JSON: it ends too early"},
		{"two values", `{} {}`, "", "holds more than one JSON value: send several records as an array or as application/x-ndjson"},
		{"garbage behind", `{}}`, "", "is not valid JSON at byte 2: invalid character '}' at start of value"},
		{"duplicate", `{"a":1,"a":2}`, "a", "is a duplicate key: write it once"},
		{"duplicate by escape", `{"a":1,"\u0061":2}`, "a", "is a duplicate key: write it once"},
		{"duplicate inside an array", `{"a":[{},{"b":1,"b":1}]}`, "a.1.b", "is a duplicate key: write it once"},
		{"number", `{"a":{"b":-1e999}}`, "a.b", "is a number beyond the limit of a 64-bit float (about 1.8e308)"},
		{"NUL", `{"a":["\u0000"]}`, "a.0", "must not hold a NUL character"},
		{"UTF-8", "{\"a\":\"\xc3\"}", "a", "is not valid JSON at byte 6: invalid UTF-8"},
		{"depth", `{"a":{"b":{}}}`, "a.b", "is nested deeper than the limit of 2 levels (max_depth)"},
		{"depth of arrays", `{"a":[[]]}`, "a.0", "is nested deeper than the limit of 2 levels (max_depth)"},
		{"attributes", `{"a":1,"b":2,"c":3,"d":4}`, "d", "is over the limit of 3 attributes in a record (max_attributes)"},
		{"attributes inside", `{"a":{"b":[1,2]}}`, "a.b.0", "is over the limit of 3 attributes in a record (max_attributes)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := read(test.document, Limits{Depth: 2 + strings.Count(test.name, "inside"), Attributes: 3 + 4*strings.Count(test.name, "array")})
			var got *Error
			require.ErrorAs(t, err, &got)
			assert.Equal(t, Error{Field: test.field, Message: test.message}, *got)
		})
	}
}

func TestKnownFields(t *testing.T) {
	var reader Reader
	reader.Reset([]byte(`{"text":"t","none":null,"number":1.50,"list":[1,2]}`), usualLimits)
	var list []string
	err := reader.Document(func(key string) error {
		switch key {
		case "text":
			text, err := reader.Text()
			assert.Equal(t, "t", text)
			return err
		case "none":
			text, err := reader.OptionalText()
			assert.Empty(t, text)
			return err
		case "number":
			text, err := reader.Number()
			assert.Equal(t, "1.50", text)
			return err
		default:
			return reader.Array(func() error {
				text, err := reader.Number()
				list = append(list, text)
				return err
			})
		}
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"1", "2"}, list)
}

// TestEmbedded: limits and paths of a document in a string go on from around it.
func TestEmbedded(t *testing.T) {
	embed := func(inner string, limits Limits) (pcommon.Map, error) {
		var reader Reader
		reader.Reset([]byte(`{"a":1,"in":`+strconv.Quote(inner)+`,"b":2}`), limits)
		destination := pcommon.NewMap()
		return destination, reader.Document(func(key string) error {
			if key != "in" {
				return reader.Member(destination, key)
			}
			text, err := reader.Text()
			if err != nil {
				return err
			}
			return reader.Embedded(text, func(in *Reader) error { return in.Members(destination, "in.") })
		})
	}
	got, err := embed(`{"x":{"y":1}}`, Limits{Depth: 3, Attributes: 4})
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"a": int64(1), "in.x": map[string]any{"y": int64(1)}, "b": int64(2)}, got.AsRaw())

	_, err = embed(`{"x":{"y":1}}`, Limits{Depth: 2, Attributes: 4})
	require.EqualError(t, err, "in.x is nested deeper than the limit of 2 levels (max_depth)")
	_, err = embed(`{"x":{"y":1}}`, Limits{Depth: 3, Attributes: 3})
	require.EqualError(t, err, "b is over the limit of 3 attributes in a record (max_attributes)")
	_, err = embed(`{"x":1,"x":1}`, usualLimits)
	assert.EqualError(t, err, "in.x is a duplicate key: write it once")
}

func TestIsDocument(t *testing.T) {
	for text, want := range map[string]bool{
		`{}`: true, " [1]\n": true, `{"a":1,"a":1}`: true,
		``: false, `text`: false, `1`: false, `"{}"`: false, `{`: false, `{} {}`: false,
	} {
		assert.Equal(t, want, IsDocument(text), text)
	}
}

// FuzzReader checks that what a Reader takes is what encoding/json reads too, and
// that it holds nothing that a Reader promises to refuse.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":[1,1.5,1e9,-0,"x",true,null,{"b":{}}]}`, `{"a":"\ud83d\udd12\u0000"}`, `{"a":1,"a":1}`, "{\"\xff\":1}",
		`{"a":1e999}`, strings.Repeat(`{"a":`, 40), `[1]`, "", `{"a":1}{`, `{"a":12345678901234567890}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := read(string(data), usualLimits)
		if err != nil {
			var typed *Error
			require.ErrorAs(t, err, &typed)
			require.NotEmpty(t, typed.Message)
			return
		}
		require.True(t, utf8.Valid(data))
		var want map[string]any
		numbers := json.NewDecoder(bytes.NewReader(data))
		numbers.UseNumber()
		require.NoError(t, numbers.Decode(&want))
		again, err := json.Marshal(got.AsRaw())
		require.NoError(t, err)
		require.NotContains(t, string(again), `\u0000`)
		var have map[string]any
		require.NoError(t, json.Unmarshal(again, &have))
		require.Equal(t, asKept(t, want), have)
	})
}

// asKept returns what a Reader makes of a value that encoding/json has read: a
// number, or the digits of an integer beyond int64.
func asKept(t *testing.T, value any) any {
	t.Helper()
	switch value := value.(type) {
	case map[string]any:
		for key, member := range value {
			value[key] = asKept(t, member)
		}
	case []any:
		for i, element := range value {
			value[i] = asKept(t, element)
		}
	case json.Number:
		if _, err := value.Int64(); err != nil && !strings.ContainsAny(value.String(), ".eE") {
			return value.String()
		}
		number, err := value.Float64()
		require.NoError(t, err)
		return number
	}
	return value
}

// TestNamesAreKeptApart: a Reader that knows more names than it keeps still gives each
// member its own.
func TestNamesAreKeptApart(t *testing.T) {
	var reader Reader
	for document := range 3 {
		for first := 0; first < 3*maxNames; first += 100 {
			var text strings.Builder
			want := map[string]any{}
			for i := first; i < first+100; i++ {
				fmt.Fprintf(&text, `,"k%d":%d`, i, document)
				want[fmt.Sprintf("context.k%d", i)] = int64(document)
			}
			long := strings.Repeat("x", maxNameBytes)
			want["context."+long] = true
			reader.Reset([]byte(`{"`+long+`":true`+text.String()+`}`), Limits{Depth: 1, Attributes: 101})
			destination := pcommon.NewMap()
			require.NoError(t, reader.Members(destination, "context."))
			require.Equal(t, want, destination.AsRaw())
			require.LessOrEqual(t, len(reader.names), maxNames)
		}
	}
}
