package filter_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

func TestFieldText(t *testing.T) {
	full := record.New()
	full.Log.SetTimestamp(1_795_257_531_804_000_000)
	full.Log.SetObservedTimestamp(1_795_257_532_000_000_000)
	full.Log.SetSeverityNumber(plog.SeverityNumberWarn2)
	full.Log.SetEventName("user.login\xff")
	full.Log.SetTraceID(pcommon.TraceID{0xAB, 15: 1})
	full.Log.SetSpanID(pcommon.SpanID{0xCD, 7: 1})
	full.Log.Body().SetInt(7)
	full.Log.Attributes().PutStr(record.AttributeID, "018b70a4-64d8-7000-8000-000000000001")
	full.Log.Attributes().PutStr(record.AttributeHash, "6e34")
	full.Resource.Attributes().PutStr(record.AttributeServiceName, "shop")

	tests := map[filter.Place]string{
		filter.PlaceBody:           "7",
		filter.PlaceLevel:          "warn",
		filter.PlaceSeverityNumber: "14",
		filter.PlaceService:        "shop",
		filter.PlaceEventName:      "user.login\ufffd",
		filter.PlaceTimestamp:      "2026-11-21T10:38:51.804Z",
		filter.PlaceObservedTime:   "2026-11-21T10:38:52Z",
		filter.PlaceTraceID:        "ab000000000000000000000000000001",
		filter.PlaceSpanID:         "cd00000000000001",
		filter.PlaceID:             "018b70a4-64d8-7000-8000-000000000001",
		filter.PlaceHash:           "6e34",
	}
	for place, want := range tests {
		text, ok := filter.Field{Place: place}.Text(full)
		assert.True(t, ok, place)
		assert.Equal(t, want, text)
		assert.True(t, holds(t, filter.Equal{Field: filter.Field{Place: place}, Values: []string{want}}, full), place)

		text, ok = filter.Field{Place: place}.Text(record.New())
		assert.Equal(t, place == filter.PlaceLevel, ok, "only the level is always there, not %d", place)
		if ok {
			assert.Equal(t, "unspecified", text)
		}
	}
	assert.Len(t, tests, int(filter.PlaceLogAttribute), "a place is missing here")
}

// A record of its own that has the severity number is not one that has none.
func TestLevelsOutOfRange(t *testing.T) {
	unspecified := filter.Levels{record.LevelUnspecified}
	for number, want := range map[plog.SeverityNumber]bool{-1: true, 0: true, 1: false, 24: false, 25: true, 1 << 30: true} {
		r := record.New()
		r.Log.SetSeverityNumber(number)
		assert.Equal(t, want, holds(t, unspecified, r), number)
	}
}

func TestAttributePaths(t *testing.T) {
	put := func(m pcommon.Map, path ...string) {
		for _, key := range path[:len(path)-2] {
			inner, ok := m.Get(key)
			if !ok {
				inner = m.PutEmpty(key)
				inner.SetEmptyMap()
			}
			m = inner.Map()
		}
		m.PutStr(path[len(path)-2], path[len(path)-1])
	}
	tests := map[string]struct {
		log, resource [][]string
		field         filter.Field
		want          string
	}{
		"flat":                        {log: [][]string{{"user.id", "1"}}, field: logAttribute("user.id"), want: "1"},
		"nested":                      {log: [][]string{{"user", "id", "1"}}, field: logAttribute("user.id"), want: "1"},
		"flat wins":                   {log: [][]string{{"user", "id", "1"}, {"user.id", "2"}}, field: logAttribute("user.id"), want: "2"},
		"deep":                        {log: [][]string{{"a", "b", "c", "1"}}, field: logAttribute("a.b.c"), want: "1"},
		"map with a dot in its key":   {log: [][]string{{"a.b", "c", "1"}}, field: logAttribute("a.b.c"), want: "1"},
		"dot in an inner key":         {log: [][]string{{"a", "b.c", "1"}}, field: logAttribute("a.b.c"), want: "1"},
		"first in the record wins":    {log: [][]string{{"a.b", "c", "1"}, {"a", "b", "c", "2"}}, field: logAttribute("a.b.c"), want: "1"},
		"first in the map wins":       {log: [][]string{{"a", "b", "c", "1"}, {"a", "b.c", "2"}}, field: logAttribute("a.b.c"), want: "1"},
		"goes on after a wrong turn":  {log: [][]string{{"a", "b", "x", "1"}, {"a.b", "c", "2"}}, field: logAttribute("a.b.c"), want: "2"},
		"empty key":                   {log: [][]string{{"a", "", "b", "1"}}, field: logAttribute("a..b"), want: "1"},
		"empty key at the start":      {log: [][]string{{"", "b", "1"}}, field: logAttribute(".b"), want: "1"},
		"empty key at the end":        {log: [][]string{{"a", "", "1"}}, field: logAttribute("a."), want: "1"},
		"a map":                       {log: [][]string{{"a", "b", "c", "1"}}, field: logAttribute("a.b"), want: `{"c":"1"}`},
		"not a part of a key":         {log: [][]string{{"a", "bc", "1"}}, field: logAttribute("a.b"), want: "missing"},
		"not into a string":           {log: [][]string{{"a", "b"}}, field: logAttribute("a.b"), want: "missing"},
		"not of the resource":         {resource: [][]string{{"a", "1"}}, field: logAttribute("a"), want: "missing"},
		"of the resource":             {resource: [][]string{{"k8s", "pod", "1"}}, field: filter.Field{Place: filter.PlaceResourceAttribute, Key: "k8s.pod"}, want: "1"},
		"not of the log":              {log: [][]string{{"a", "1"}}, field: filter.Field{Place: filter.PlaceResourceAttribute, Key: "a"}, want: "missing"},
		"any: log":                    {log: [][]string{{"a", "1"}}, field: filter.Field{Place: filter.PlaceAttribute, Key: "a"}, want: "1"},
		"any: resource":               {resource: [][]string{{"a", "1"}}, field: filter.Field{Place: filter.PlaceAttribute, Key: "a"}, want: "1"},
		"any: log wins":               {log: [][]string{{"a", "1"}}, resource: [][]string{{"a", "2"}}, field: filter.Field{Place: filter.PlaceAttribute, Key: "a"}, want: "1"},
		"any: nested in the log wins": {log: [][]string{{"a", "b", "1"}}, resource: [][]string{{"a.b", "2"}}, field: filter.Field{Place: filter.PlaceAttribute, Key: "a.b"}, want: "1"},
		"any: empty in the log wins":  {log: [][]string{{"a", ""}}, resource: [][]string{{"a", "2"}}, field: filter.Field{Place: filter.PlaceAttribute, Key: "a"}, want: ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := record.New()
			for _, path := range test.log {
				put(r.Log.Attributes(), path...)
			}
			for _, path := range test.resource {
				put(r.Resource.Attributes(), path...)
			}
			text, ok := test.field.Text(r)
			assert.Equal(t, test.want != "missing", ok)
			if ok {
				assert.Equal(t, test.want, text)
			}
			assert.Equal(t, ok, holds(t, filter.Exists{Field: test.field}, r))
		})
	}
}

func TestNoPathIntoLists(t *testing.T) {
	r := record.New()
	r.Log.Attributes().PutEmptySlice("a").AppendEmpty().SetEmptyMap().PutStr("b", "1")
	assert.False(t, holds(t, filter.Exists{Field: logAttribute("a.b")}, r))
	assert.False(t, holds(t, filter.Exists{Field: logAttribute("a.0")}, r))
	assert.True(t, holds(t, filter.Equal{Field: logAttribute("a"), Values: []string{`[{"b":"1"}]`}}, r))
}
