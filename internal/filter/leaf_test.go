package filter_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/filtertest"
	"github.com/docketlog/docket/internal/record"
)

func logAttribute(key string) filter.Field {
	return filter.Field{Place: filter.PlaceLogAttribute, Key: key}
}

// holds evaluates by the definition and by a matcher, which must agree.
func holds(t *testing.T, e filter.Expression, r record.Record) bool {
	t.Helper()
	matcher, err := filter.Compile(e)
	require.NoError(t, err)
	want := filter.Matches(e, r)
	assert.Equal(t, want, matcher.Matches(r), "matcher of %#v", e)
	return want
}

// kinds are attribute values of every kind, by name.
func kinds() map[string]func(pcommon.Value) {
	return map[string]func(pcommon.Value){
		"null":          func(pcommon.Value) {},
		"empty string":  func(v pcommon.Value) { v.SetStr("") },
		"string":        func(v pcommon.Value) { v.SetStr("Straße 42") },
		"number string": func(v pcommon.Value) { v.SetStr("042.0") },
		"date string":   func(v pcommon.Value) { v.SetStr("2026-11-21T11:00+01:00") },
		"not UTF-8":     func(v pcommon.Value) { v.SetStr("a\xff") },
		"int":           func(v pcommon.Value) { v.SetInt(42) },
		"long int":      func(v pcommon.Value) { v.SetInt(1<<53 + 1) },
		"double":        func(v pcommon.Value) { v.SetDouble(42) },
		"fraction":      func(v pcommon.Value) { v.SetDouble(42.5) },
		"NaN":           func(v pcommon.Value) { v.SetDouble(math.NaN()) },
		"infinity":      func(v pcommon.Value) { v.SetDouble(math.Inf(1)) },
		"bool":          func(v pcommon.Value) { v.SetBool(true) },
		"bytes":         func(v pcommon.Value) { v.SetEmptyBytes().FromRaw([]byte("*")) }, // Kg==
		"list":          func(v pcommon.Value) { v.SetEmptySlice().AppendEmpty().SetStr("42") },
		"map":           func(v pcommon.Value) { v.SetEmptyMap().PutInt("x", 42) },
	}
}

// Each leaf, and for each the kinds of values that it matches. "missing" is a record
// without the attribute.
func TestLeafByKind(t *testing.T) {
	k := logAttribute("k")
	regexp := func(expression string) filter.Expression {
		pattern, err := filter.ParseRegexp(expression)
		require.NoError(t, err)
		return filter.Regexp{Field: k, Pattern: pattern}
	}
	all := []string{
		"null", "empty string", "string", "number string", "date string", "not UTF-8", "int", "long int", "double", "fraction", "NaN", "infinity",
		"bool", "bytes", "list", "map",
	}
	tests := map[string]struct {
		leaf filter.Expression
		want []string
	}{
		"exists":                    {filter.Exists{k}, all},
		"equal to nothing":          {filter.Equal{Field: k}, nil},
		"equal to empty":            {filter.Equal{Field: k, Values: []string{""}}, []string{"null", "empty string"}},
		"equal to text":             {filter.Equal{Field: k, Values: []string{"x", "Straße 42"}}, []string{"string"}},
		"equal in other case":       {filter.Equal{Field: k, Values: []string{"STRASSE 42", "STRAẞE 42"}}, nil},
		"equal to 42":               {filter.Equal{Field: k, Values: []string{"42"}}, []string{"int", "double"}},
		"equal to long int":         {filter.Equal{Field: k, Values: []string{"9007199254740993"}}, []string{"long int"}},
		"equal to true":             {filter.Equal{Field: k, Values: []string{"true"}}, []string{"bool"}},
		"equal to base64":           {filter.Equal{Field: k, Values: []string{"Kg=="}}, []string{"bytes"}},
		"equal to a list":           {filter.Equal{Field: k, Values: []string{`["42"]`}}, []string{"list"}},
		"equal to a map":            {filter.Equal{Field: k, Values: []string{`{"x":42}`}}, []string{"map"}},
		"equal to what is UTF-8":    {filter.Equal{Field: k, Values: []string{"a\ufffd"}}, []string{"not UTF-8"}},
		"equal to one of many":      {filter.Equal{Field: k, Values: []string{"1", "2", "3", "4", "42", ""}}, []string{"null", "empty string", "int", "double"}},
		"equal to 42, number":       {filter.EqualNumber{Field: k, Values: []float64{1, 42}}, []string{"number string", "int", "double"}},
		"equal to no number":        {filter.EqualNumber{Field: k}, nil},
		"equal to NaN and infinity": {filter.EqualNumber{Field: k, Values: []float64{math.NaN(), math.Inf(1)}}, nil},
		"contains everything":       {filter.Contains{Field: k, Parts: []string{""}}, all},
		"contains nothing":          {filter.Contains{Field: k}, nil},
		"contains 42":               {filter.Contains{Field: k, Parts: []string{"42"}}, []string{"string", "number string", "int", "double", "fraction", "list", "map"}},
		"contains, other case":      {filter.Contains{Field: k, Parts: []string{"q", "RAẞE"}}, []string{"string"}},
		"contains, not UTF-8":       {filter.Contains{Field: k, Parts: []string{"A\xfe"}}, []string{"not UTF-8"}},
		"wildcard, start":           {filter.Wildcard{Field: k, Parts: []string{"STR", ""}}, []string{"string"}},
		"wildcard, end":             {filter.Wildcard{Field: k, Parts: []string{"", "2"}}, []string{"string", "int", "double"}},
		"wildcard, whole":           {filter.Wildcard{Field: k, Parts: []string{"sTRAßE 42"}}, []string{"string"}},
		"wildcard, between":         {filter.Wildcard{Field: k, Parts: []string{"", "t", "a", ""}}, []string{"string"}},
		"wildcard, everything":      {filter.Wildcard{Field: k, Parts: []string{"", ""}}, all},
		"wildcard, overlap":         {filter.Wildcard{Field: k, Parts: []string{"42", "2"}}, nil},
		"wildcard, nothing":         {filter.Wildcard{Field: k}, nil},
		"regexp":                    {regexp("^S.*\\d$"), []string{"string"}},
		"regexp, case":              {regexp("^s"), nil},
		"regexp, unanchored":        {regexp("4."), []string{"string", "number string", "int", "long int", "double", "fraction", "list", "map"}},
		"regexp, empty":             {regexp("^$"), []string{"null", "empty string"}},
		"regexp, nil":               {filter.Regexp{Field: k}, nil},
		"less":                      {filter.Compare{Field: k, Order: filter.Less, Number: 42}, nil},
		"less or equal":             {filter.Compare{Field: k, Order: filter.LessOrEqual, Number: 42}, []string{"number string", "int", "double"}},
		"greater":                   {filter.Compare{Field: k, Order: filter.Greater, Number: 42}, []string{"long int", "fraction"}},
		"greater or equal":          {filter.Compare{Field: k, Order: filter.GreaterOrEqual, Number: 42}, []string{"number string", "int", "long int", "double", "fraction"}},
		"greater than -infinity":    {filter.Compare{Field: k, Order: filter.Greater, Number: math.Inf(-1)}, []string{"number string", "int", "long int", "double", "fraction"}},
		"less than NaN":             {filter.Compare{Field: k, Order: filter.Less, Number: math.NaN()}, nil},
		"no order":                  {filter.Compare{Field: k, Order: 9, Number: 42}, nil},
		"before":                    {filter.CompareTime{Field: k, Order: filter.Less, Time: filtertest.Start()}, nil},
		"not after":                 {filter.CompareTime{Field: k, Order: filter.LessOrEqual, Time: filtertest.Start()}, []string{"date string"}},
		"after":                     {filter.CompareTime{Field: k, Order: filter.Greater, Time: filtertest.Start().Add(-1)}, []string{"date string"}},
		"no order of times":         {filter.CompareTime{Field: k, Order: -1, Time: filtertest.Start()}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got, gotNot []string
			for _, kind := range all {
				r := record.New()
				kinds()[kind](r.Log.Attributes().PutEmpty("k"))
				if holds(t, test.leaf, r) {
					got = append(got, kind)
				}
				if holds(t, filter.Not{Part: test.leaf}, r) {
					gotNot = append(gotNot, kind)
				}
			}
			assert.Equal(t, test.want, got)
			assert.Len(t, gotNot, len(all)-len(got))
			assert.False(t, holds(t, test.leaf, record.New()), "missing")
			assert.True(t, holds(t, filter.Not{Part: test.leaf}, record.New()), "missing")
		})
	}
	assert.Len(t, kinds(), len(all))
}

func TestWildcard(t *testing.T) {
	tests := map[string]struct {
		parts []string
		text  string
		want  bool
	}{
		"the first spelling counts": {[]string{"", "k", "x", ""}, "k x K", true},
		"in either order":           {[]string{"", "k", "x", ""}, "K x k \u212a", true},
		"nothing after the first":   {[]string{"", "k", "x", ""}, "x K \u212a k", false},
		"other end":                 {[]string{"", "b", "c"}, "abd", false},
		"end only once":             {[]string{"", "bc", "c"}, "abc", false},
		"end after another":         {[]string{"", "bc", "c"}, "abcC", true},
		"start only once":           {[]string{"ab", "b", ""}, "ab", false},
		"start and end overlap":     {[]string{"ab", "ba"}, "aba", false},
		"long end":                  {[]string{"", "a", "\u00df\u2028"}, "A\u1e9e\u2028", true},
		"in order":                  {[]string{"", "a", "b", "c", ""}, "c b a b c", true},
		"not in order":              {[]string{"", "a", "b", "c", ""}, "c b a c b", false},
		"empty part between":        {[]string{"a", "", "b"}, "ab", true},
		"whole":                     {[]string{"ab"}, "abc", false},
		"more than the whole":       {[]string{"abc"}, "ab", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := record.New()
			r.Log.Body().SetStr(test.text)
			assert.Equal(t, test.want, holds(t, filter.Wildcard{Field: filter.Field{Place: filter.PlaceBody}, Parts: test.parts}, r))
		})
	}
}

// An empty body is no body, whatever its kind; but an empty attribute is one.
func TestEmptyBody(t *testing.T) {
	body := filter.Field{Place: filter.PlaceBody}
	for name, set := range kinds() {
		r := record.New()
		set(r.Log.Body())
		isEmpty := name == "null" || name == "empty string"
		assert.Equal(t, !isEmpty, holds(t, filter.Exists{Field: body}, r), name)
		assert.Equal(t, !isEmpty, holds(t, filter.Contains{Field: body, Parts: []string{""}}, r), name)
		assert.True(t, holds(t, filter.BodyContains(""), r), name)
	}
}

func TestEqualIDs(t *testing.T) {
	r := record.New()
	r.Log.SetTraceID(pcommon.TraceID{0xAB, 15: 1})
	r.Log.SetSpanID(pcommon.SpanID{0xCD, 7: 1})
	traceID, spanID := filter.Field{Place: filter.PlaceTraceID}, filter.Field{Place: filter.PlaceSpanID}
	tests := map[string]struct {
		field filter.Field
		value string
		want  bool
	}{
		"trace id":                  {traceID, "ab000000000000000000000000000001", true},
		"trace id in other case":    {traceID, "AB000000000000000000000000000001", false},
		"trace id, cut off":         {traceID, "ab", false},
		"trace id, no hex":          {traceID, "xb000000000000000000000000000001", false},
		"span id":                   {spanID, "cd00000000000001", true},
		"span id in other case":     {spanID, "Cd00000000000001", false},
		"span id of the trace":      {traceID, "cd00000000000001", false},
		"id of zeros is not theirs": {traceID, "00000000000000000000000000000000", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			equal := filter.Equal{Field: test.field, Values: []string{test.value}}
			assert.Equal(t, test.want, holds(t, equal, r))
			assert.False(t, holds(t, equal, record.New()))
		})
	}
	none := filter.EqualIDs(traceID, []string{"00000000000000000000000000000000", "ab000000000000000000000000000001"})
	assert.True(t, holds(t, none, r))
	assert.True(t, holds(t, none, record.New()))
}

func TestOr(t *testing.T) {
	yes, no := filter.And{}, filter.Or{}
	r := record.New()
	assert.True(t, holds(t, yes, r))
	assert.False(t, holds(t, no, r))
	assert.True(t, holds(t, filter.Or{no, yes}, r))
	assert.False(t, holds(t, filter.Or{no, no}, r))
	assert.True(t, holds(t, filter.Or{no, nil}, r), "nil is every record")
	assert.False(t, holds(t, filter.Not{}, r), "not every record is none")
}

func TestNumber(t *testing.T) {
	for text, want := range map[string]float64{
		"0": 0, "-0": 0, "42": 42, "007": 7, "+7": 7, "-1.5": -1.5, ".5": 0.5, "5.": 5, "1e3": 1000, "1E+3": 1000, "1e-3": 0.001,
		"18446744073709551616": 1 << 64, "1e-999": 0,
	} {
		got, ok := filter.Number(text)
		assert.True(t, ok, text)
		assert.InDelta(t, want, got, 0, text)
	}
	for _, text := range []string{
		"", " ", " 1", "1 ", "1,000", "1_000", "0x10", "0b1", "1e", "e1", ".", "+", "--1", "1.2.3", "1e1.5", "NaN", "Infinity", "inf", "1e999", "１", "true",
	} {
		_, ok := filter.Number(text)
		assert.False(t, ok, text)
	}
	_, ok := filter.EqualityNumber("9007199254740991")
	assert.True(t, ok)
	_, ok = filter.EqualityNumber("-9007199254740992")
	assert.False(t, ok)
}

func TestLevelsInOrder(t *testing.T) {
	level := filter.Field{Place: filter.PlaceLevel}
	tests := []struct {
		order filter.Order
		level record.Level
		want  []string
	}{
		{filter.Less, record.LevelInfo, []string{"trace", "debug"}},
		{filter.LessOrEqual, record.LevelInfo, []string{"trace", "debug", "info"}},
		{filter.Greater, record.LevelError, []string{"fatal"}},
		{filter.GreaterOrEqual, record.LevelError, []string{"error", "fatal"}},
		{filter.Greater, record.LevelFatal, nil},
		{filter.GreaterOrEqual, record.LevelUnspecified, []string{"unspecified"}},
		{filter.Greater, record.LevelUnspecified, nil},
	}
	for _, test := range tests {
		assert.Equal(t, filter.Equal{Field: level, Values: test.want}, filter.LevelsInOrder(test.order, test.level))
	}
}

func TestFieldTime(t *testing.T) {
	r := record.New()
	r.Log.SetTimestamp(math.MaxUint64)
	timestamp := filter.Field{Place: filter.PlaceTimestamp}
	got, ok := timestamp.Time(r)
	require.True(t, ok)
	assert.Equal(t, "2554-07-21T23:34:33.709551615Z", got.Format(time.RFC3339Nano))
	text, ok := timestamp.Text(r)
	assert.True(t, ok)
	assert.Equal(t, "2554-07-21T23:34:33.709551615Z", text)
	_, ok = filter.Field{Place: filter.PlaceObservedTime}.Time(r)
	assert.False(t, ok)
}
