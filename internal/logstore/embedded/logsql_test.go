package embedded

import (
	"testing"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

func TestCompile(t *testing.T) {
	tests := map[string]struct {
		expression filter.Expression
		want       string
		bodies     int
	}{
		"nothing":                {nil, `*`, 0},
		"empty and":              {filter.And{}, `*`, 0},
		"and of nothing":         {filter.And{nil, filter.And{}, filter.BodyContains("")}, `*`, 0},
		"and of one":             {filter.And{filter.Services{"a"}}, `("service":in("a"))`, 0},
		"nested and":             {filter.And{filter.Services{"a"}, filter.And{filter.Levels{record.LevelInfo}, nil}}, `("service":in("a") ("level":in("info")))`, 0},
		"levels":                 {filter.Levels{record.LevelWarn, record.LevelError}, `"level":in("warn","error")`, 0},
		"no levels":              {filter.Levels{}, `!*`, 0},
		"no services":            {filter.And{filter.Services{}}, `(!*)`, 0},
		"services":               {filter.Services{"", `a"b\`, "c\nd\xff"}, `"service":in("","a\"b\\","c\nd\xff")`, 0},
		"body":                   {filter.BodyContains("Ab"), `*`, 1},
		"body, no case":          {filter.BodyContains(`1.*(2) | "`), `"_msg":*"1.*(2) | \""*`, 0},
		"body, not UTF-8":        {filter.BodyContains("1\xff"), `"_msg":*"1�"*`, 0},
		"body, word":             {filter.BodyContains("user ab or"), `("_msg":"ab" or "_msg":"aB" or "_msg":"Ab" or "_msg":"AB")`, 1},
		"body, best word":        {filter.BodyContains("user of 4711: a"), `("_msg":"4711")`, 1},
		"body, word syntax":      {filter.BodyContains("x\"or*x"), `("_msg":"or" or "_msg":"oR" or "_msg":"Or" or "_msg":"OR")`, 1},
		"body, unlikely word":    {filter.BodyContains("in Konstantinopel!"), `*`, 1},
		"body, first word":       {filter.BodyContains("1 a"), `*`, 1},
		"body, unclear word":     {filter.BodyContains("a.b\u0345.c"), `*`, 1},
		"body, unclear border":   {filter.BodyContains("a.b\u03451.c"), `*`, 1},
		"body, border not UTF-8": {filter.BodyContains("a.b\xff1.c"), `*`, 1},
		"bodies":                 {filter.And{filter.BodyContains("a"), filter.And{filter.Levels{record.LevelInfo}, filter.BodyContains("b 1 c")}}, `(("level":in("info") ("_msg":"1")))`, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := compile(test.expression)
			require.NoError(t, err)
			assert.Equal(t, test.want, got.condition)
			assert.Len(t, got.bodies, test.bodies)
			_, err = logstorage.ParseQuery(got.condition)
			require.NoError(t, err)
		})
	}
}

func TestCompileUnknown(t *testing.T) {
	type unknown struct{ filter.And }
	_, err := compile(filter.And{unknown{}})
	require.ErrorContains(t, err, "cannot evaluate the filter embedded.unknown")
}

// The engine must read back every literal as it was, and only as a literal.
func FuzzQuote(f *testing.F) {
	for _, seed := range []string{"", "a", `"`, `\`, "`", "'", "\n", "\x00", "\xff", "a*", "*", ")", "| delete x", "#", "{a=\"b\"}", "\u2028", "$", "%"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		query, err := logstorage.ParseQuery(`"x":=` + quote(text))
		require.NoError(t, err)
		same, err := logstorage.ParseQuery(query.String())
		require.NoError(t, err)
		require.Equal(t, query.String(), same.String())

		matches := func(condition, value string) bool {
			filter, err := logstorage.ParseFilter(condition)
			require.NoError(t, err)
			return filter.MatchRow([]logstorage.Field{{Name: "x", Value: value}})
		}
		require.True(t, matches(`"x":=`+quote(text), text))
		require.False(t, matches(`"x":=`+quote(text), text+"x"))
		require.True(t, matches(in("x", []string{text}), text))
		require.False(t, matches(in("x", []string{text}), "x"+text))
	})
}
