package embedded

import (
	"testing"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

func TestBounds(t *testing.T) {
	body := func(parts ...string) filter.Expression {
		return filter.Contains{Field: filter.Field{Place: filter.PlaceBody}, Parts: parts}
	}
	log := func(key string) filter.Field { return filter.Field{Place: filter.PlaceLogAttribute, Key: key} }
	anywhere := filter.Field{Place: filter.PlaceAttribute, Key: "a"}
	equal := func(field filter.Field, values ...string) filter.Expression {
		return filter.Equal{Field: field, Values: values}
	}
	at := time.Date(2026, 11, 21, 10, 0, 0, 5, time.UTC)
	const unclearInA = `((("attributes.a":value_type(dict) or "attributes.a":value_type(const))` +
		` "attributes.a":~"[\\x00-,./:-\\x{7ff}]|[0-9-]-|^-?0[0-9]|^-$|[0-9]{16}")` +
		` or (("attributes.a":value_type(string) or "attributes.a":value_type(ipv4) or "attributes.a":value_type(iso8601)) "attributes.a":*))`
	since := filter.CompareTime{Field: filter.Field{Place: filter.PlaceTimestamp}, Order: filter.Greater, Time: at}
	tests := map[string]struct {
		expression   filter.Expression
		upper, lower string // "" for the same
		isExact      bool
	}{
		"nothing":             {nil, `*`, "", true},
		"no record":           {filter.Or{}, `!*`, "", true},
		"levels":              {filter.Levels{record.LevelWarn, record.LevelError}, `"level":in("warn","error")`, "", true},
		"no level":            {filter.Levels{}, `!*`, "", true},
		"services":            {filter.Services{"", `a"b\`}, `("service":in("a\"b\\") or !("service":*))`, "", true},
		"nested and":          {filter.And{filter.Services{"a"}, filter.And{filter.Levels{"info"}, nil}}, `("service":in("a") "level":in("info"))`, "", true},
		"exists":              {filter.Exists{Field: filter.Field{Place: filter.PlaceTraceID}}, `"trace_id":*`, "", true},
		"body exists":         {filter.Exists{Field: filter.Field{Place: filter.PlaceBody}}, `!("_msg":="")`, "", true},
		"body":                {body("Ab"), `!("_msg":="")`, `!*`, false},
		"body, no case":       {body(`1.*(2) | "`), `"_msg":*"1.*(2) | \""*`, "", true},
		"body, not UTF-8":     {body("1\xff"), `"_msg":*"1�"*`, "", true},
		"body, word":          {body("user ab or"), `(!("_msg":="") ("_msg":"ab" or "_msg":"aB" or "_msg":"Ab" or "_msg":"AB"))`, `!*`, false},
		"body, best word":     {body("user of 4711: a"), `(!("_msg":="") "_msg":"4711")`, `!*`, false},
		"body, word syntax":   {body("x\"or*x"), `(!("_msg":="") ("_msg":"or" or "_msg":"oR" or "_msg":"Or" or "_msg":"OR"))`, `!*`, false},
		"body, unlikely word": {body("in Konstantinopel!"), `!("_msg":="")`, `!*`, false},
		"body, first word":    {body("1 a"), `!("_msg":="")`, `!*`, false},
		"body, unclear word":  {body("a.b\u0345.c"), `!("_msg":="")`, `!*`, false},
		"body, one of two":    {body("1!", "2!"), `("_msg":*"1!"* or "_msg":*"2!"*)`, "", true},
		"not body":            {filter.Not{Part: body("Ab")}, `*`, `!(!("_msg":=""))`, false},
		"not not":             {filter.Not{Part: filter.Not{Part: body("1!")}}, `"_msg":*"1!"*`, "", true},
		"body, number": {
			body("00"), `(!("_msg":="") ("_msg":*"00"* or ("_msg":value_type(uint8) or "_msg":value_type(uint16) or "_msg":value_type(uint32)` +
				` or "_msg":value_type(uint64) or "_msg":value_type(int64) or "_msg":value_type(float64))))`, `!*`, false,
		},
		"equal to a number":         {equal(log("a"), "-5"), `"attributes.a":in("-5")`, "", true},
		"equal to no single number": {equal(log("a"), "1_0"), `"attributes.a":in("1_0\x1f")`, "", true},
		"not and": {
			filter.Not{Part: filter.And{filter.Levels{"info"}, body("Ab")}}, `*`, `!(("level":in("info") !("_msg":="")))`, false,
		},
		"attribute":        {equal(log("a"), "1", "2"), `"attributes.a":in("1","2")`, "", true},
		"empty attribute":  {equal(log("a"), ""), `("attributes.a":="" "shape":*"a"*)`, `!*`, false},
		"path":             {equal(log("a.b"), "1"), `"attributes.a.b":in("1")`, "", true},
		"path to a map":    {equal(log("a.b"), "{}"), `("attributes.a.b":in("{}") or ("attributes.a.b":="" "paths":*"a.b"*))`, `("attributes.a.b":in("{}") "attributes.a.b":*)`, false},
		"number at a path": {filter.Compare{Field: log("a.b"), Number: 1e300}, `"attributes.a.b":*`, `!*`, false},
		"compared number": {
			filter.Compare{Field: log("a"), Order: filter.LessOrEqual, Number: -1.5},
			`(` + unclearInA + ` or "attributes.a":<=-1.5)`,
			`("attributes.a":<=-1.5 !(` + unclearInA + `))`, false,
		},
		"any attribute":     {equal(anywhere, "1"), `("attributes.a":in("1") or "resource.a":in("1"))`, `"attributes.a":in("1")`, false},
		"not any attribute": {filter.Not{Part: equal(anywhere, "1")}, `!("attributes.a":in("1"))`, `!(("attributes.a":in("1") or "resource.a":in("1")))`, false},
		"attribute without column": {
			filter.Exists{Field: log("a*")}, `"shape":*"a*"*`, `!*`, false,
		},
		"timestamp":         {since, `_time:[2026-11-21T10:00:00.000000006Z, 2200-01-01T00:00:00.000000000Z]`, "", true},
		"text of timestamp": {equal(filter.Field{Place: filter.PlaceTimestamp}, "x"), `*`, `!*`, false},
		"observed time":     {filter.Compare{Field: filter.Field{Place: filter.PlaceObservedTime}}, `"observed_time":*`, `!*`, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if test.lower == "" {
				test.lower = test.upper
			}
			got := binder{areAttributesKnown: true}.of(filter.Normalize(test.expression))
			assert.Equal(t, bounds{test.upper, test.lower, test.isExact}, got)
			for _, condition := range []string{got.upper, got.lower} {
				_, err := logstorage.ParseQuery(condition)
				require.NoError(t, err)
			}
		})
	}
}

// Rows of which columns do not tell all attributes are judged by all else.
func TestBoundsWithoutAttributes(t *testing.T) {
	attribute := filter.Equal{Field: filter.Field{Place: filter.PlaceLogAttribute, Key: "a"}, Values: []string{"1"}}
	level := filter.Levels{record.LevelInfo}
	for name, test := range map[string]struct {
		expression filter.Expression
		upper      string
	}{
		"attribute":     {attribute, `*`},
		"not attribute": {filter.Not{Part: attribute}, `*`},
		"and":           {filter.And{attribute, level}, `"level":in("info")`},
		"or":            {filter.Or{attribute, level}, `*`},
	} {
		assert.Equal(t, test.upper, binder{}.of(filter.Normalize(test.expression)).upper, name)
	}
}
