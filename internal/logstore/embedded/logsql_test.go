package embedded

import (
	"testing"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"github.com/stretchr/testify/require"
)

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
