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
	}{
		"nothing":            {nil, `*`},
		"empty and":          {filter.And{}, `*`},
		"and of nothing":     {filter.And{nil, filter.And{}, filter.BodyContains("")}, `*`},
		"and of one":         {filter.And{filter.Services{"a"}}, `("service":in("a"))`},
		"nested and":         {filter.And{filter.Services{"a"}, filter.And{filter.Levels{record.LevelInfo}, nil}}, `("service":in("a") ("level":in("info")))`},
		"levels":             {filter.Levels{record.LevelWarn, record.LevelError}, `"level":in("warn","error")`},
		"no levels":          {filter.Levels{}, `!*`},
		"no services":        {filter.And{filter.Services{}}, `(!*)`},
		"services":           {filter.Services{"", `a"b\`, "c\nd\xff"}, `"service":in("","a\"b\\","c\nd\xff")`},
		"body":               {filter.BodyContains("Ab"), `("_msg":*"Ab"* or "_msg":*"AB"* or "_msg":*"ab"* or "_msg":*"aB"*)`},
		"body, metas":        {filter.BodyContains(`1.*(2)\E"`), `("_msg":*"1.*(2)\\E\""* or "_msg":*"1.*(2)\\e\""*)`},
		"body, not UTF-8":    {filter.BodyContains("1\xff"), `("_msg":*"1�"*)`},
		"body, long":         {filter.BodyContains("del.* 12"), `(("_msg":*"el.* 12"* or "_msg":*"eL.* 12"* or "_msg":*"El.* 12"* or "_msg":*"EL.* 12"*) "_msg":~"(?i)del\\.\\* 12")`},
		"body, query syntax": {filter.BodyContains("\"* or 1 | "), `("_msg":*"\"* or 1 | "* or "_msg":*"\"* oR 1 | "* or "_msg":*"\"* Or 1 | "* or "_msg":*"\"* OR 1 | "*)`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := compile(test.expression)
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
			_, err = logstorage.ParseQuery(got)
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
