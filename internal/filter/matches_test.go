package filter_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

func newRecord(service, body string, severity plog.SeverityNumber) record.Record {
	r := record.New()
	if service != "" {
		r.Resource.Attributes().PutStr(record.AttributeServiceName, service)
	}
	r.Log.SetSeverityNumber(severity)
	r.Log.Body().SetStr(body)
	return r
}

func TestMatches(t *testing.T) {
	r := newRecord("shop", "User Straße logged IN from 10.0.0.1", plog.SeverityNumberWarn2)
	bare := newRecord("", "", plog.SeverityNumberUnspecified)

	tests := map[string]struct {
		expression filter.Expression
		record     record.Record
		want       bool
	}{
		"nil":                               {nil, r, true},
		"empty and":                         {filter.And{}, r, true},
		"and of nil":                        {filter.And{nil, nil}, r, true},
		"and, both":                         {filter.And{filter.Services{"shop"}, filter.Levels{record.LevelWarn}}, r, true},
		"and, one":                          {filter.And{filter.Services{"shop"}, filter.Levels{record.LevelInfo}}, r, false},
		"level":                             {filter.Levels{record.LevelInfo, record.LevelWarn}, r, true},
		"other level":                       {filter.Levels{record.LevelInfo}, r, false},
		"no level":                          {filter.Levels{}, r, false},
		"unspecified":                       {filter.Levels{record.LevelUnspecified}, bare, true},
		"unspecified is no other":           {filter.Levels{record.LevelTrace, record.LevelInfo}, bare, false},
		"service":                           {filter.Services{"a", "shop"}, r, true},
		"service, other case":               {filter.Services{"Shop"}, r, false},
		"service, part":                     {filter.Services{"sho"}, r, false},
		"no services listed":                {filter.Services{}, r, false},
		"no service":                        {filter.Services{""}, bare, true},
		"no service, has one":               {filter.Services{""}, r, false},
		"body":                              {filter.BodyContains("logged IN"), r, true},
		"body, other case":                  {filter.BodyContains("LOGGED in FROM"), r, true},
		"body, umlaut":                      {filter.BodyContains("STRAẞE"), r, true},
		"body, full folding is not simple":  {filter.BodyContains("strasse"), r, false},
		"body, metacharacters are literal":  {filter.BodyContains("10.0.0.1"), r, true},
		"body, metacharacters, other":       {filter.BodyContains("10.0.0.?"), r, false},
		"body, empty part":                  {filter.BodyContains(""), bare, true},
		"body, empty body":                  {filter.BodyContains("x"), bare, false},
		"body, Kelvin sign":                 {filter.BodyContains("\u212a"), newRecord("", "ok", 0), true},
		"body, invalid UTF-8 is U+FFFD":     {filter.BodyContains("a\ufffdb"), newRecord("", "A\xffB", 0), true},
		"body, invalid UTF-8 in the filter": {filter.BodyContains("\xff"), newRecord("", "\ufffd", 0), true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, filter.Matches(test.expression, test.record))
		})
	}
}

func TestBodyThatIsNotAString(t *testing.T) {
	r := record.New()
	r.Log.Body().SetEmptyMap().PutStr("user", "Ann")
	r.Log.Body().Map().PutInt("attempts", 3)

	assert.True(t, filter.Matches(filter.BodyContains(`{"user":"ann","attempts":3}`), r))
	assert.False(t, filter.Matches(filter.BodyContains("3.0"), r))
}

func TestServiceThatIsNotAString(t *testing.T) {
	r := record.New()
	r.Resource.Attributes().PutInt(record.AttributeServiceName, 7)
	assert.True(t, filter.Matches(filter.Services{"7"}, r))
}

func TestText(t *testing.T) {
	value := func(set func(pcommon.Value)) pcommon.Value {
		v := pcommon.NewValueEmpty()
		set(v)
		return v
	}
	tests := map[string]struct {
		value pcommon.Value
		want  string
	}{
		"nothing": {pcommon.NewValueEmpty(), ""},
		"string":  {pcommon.NewValueStr(`a"b`), `a"b`},
		"invalid": {pcommon.NewValueStr("a\xffb"), "a\ufffdb"},
		"integer": {pcommon.NewValueInt(math.MinInt64), "-9223372036854775808"},
		"double":  {pcommon.NewValueDouble(0.1), "0.1"},
		"whole":   {pcommon.NewValueDouble(3), "3"},
		"huge":    {pcommon.NewValueDouble(1e300), "1e+300"},
		"boolean": {pcommon.NewValueBool(true), "true"},
		"bytes":   {value(func(v pcommon.Value) { v.SetEmptyBytes().FromRaw([]byte{1, 2}) }), "AQI="},
		"slice": {value(func(v pcommon.Value) {
			s := v.SetEmptySlice()
			s.AppendEmpty().SetInt(1)
			s.AppendEmpty().SetDouble(1)
			s.AppendEmpty().SetDouble(1e21)
			s.AppendEmpty().SetDouble(math.NaN())
			s.AppendEmpty().SetDouble(math.Inf(-1))
			s.AppendEmpty()
			s.AppendEmpty().SetBool(false)
			s.AppendEmpty().SetEmptyBytes().FromRaw([]byte{1})
		}), `[1,1.0,1e+21,"NaN","-Infinity",null,false,"AQ=="]`},
		"map keeps order, escapes little": {value(func(v pcommon.Value) {
			m := v.SetEmptyMap()
			m.PutStr("z", "<\u2028>\"\\\n\r\t\x01\xff")
			m.PutEmptyMap("a")
		}), `{"z":"<` + "\u2028" + `>\"\\\n\r\t\u0001` + "\ufffd" + `","a":{}}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, filter.Text(test.value)) })
	}
}
