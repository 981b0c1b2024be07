package text_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/dates"
	"github.com/docketlog/docket/internal/filter/filtertest"
	"github.com/docketlog/docket/internal/filter/text"
	"github.com/docketlog/docket/internal/record"
)

func TestFormat(t *testing.T) {
	a, b, c := word("a"), word("b"), word("c")
	logA := filter.Field{Place: filter.PlaceLogAttribute, Key: "a"}
	tests := map[string]filter.Expression{
		``:                             nil,
		`a`:                            a,
		`"a \"b\" \\"`:                 word(`a "b" \`),
		`a (b OR c)`:                   filter.And{a, filter.Or{b, c}},
		`a b OR -c`:                    filter.Or{filter.And{a, b}, not(c)},
		`-(a b)`:                       not(filter.And{a, b}),
		`level=error service=shop`:     filter.And{filter.Levels{record.LevelError}, filter.Services{"shop"}},
		`level=(warn OR error)`:        levels("warn", "error"),
		`-service:*`:                   filter.Services{""},
		`attributes.a=x`:               equal(logA, "x"),
		`any.level=42`:                 number(attribute("level"), 42),
		`user.id=(1 OR -0.5 OR 1e+09)`: number(attribute("user.id"), 1, -0.5, 1e9),
		`"two words"~(x OR y)`:         filter.Contains{Field: attribute("two words"), Parts: []string{"x", "y"}},
		`path:\/a\ b*\(c\)*`:           wildcard(attribute("path"), "/a b", "(c)", ""),
		`message=~"(?is)^a\\.b.*$"`:    wildcard(at(filter.PlaceBody), "a.b", ""),
		`path=~"^\\d+\"$"`:             pattern(t, attribute("path"), `^\d+"$`),
		`x<=-2`:                        filter.Compare{Field: attribute("x"), Order: filter.LessOrEqual, Number: -2},
		`timestamp>2026-11-21T10:00:00.500000000Z`: filter.CompareTime{Field: at(filter.PlaceTimestamp), Order: filter.Greater, Time: filtertest.Start().Add(500 * time.Millisecond)},
	}
	for want, e := range tests {
		t.Run(want, func(t *testing.T) {
			got, ok := text.Format(e)
			require.True(t, ok)
			assert.Equal(t, want, got)
		})
	}
}

func TestFormatHasNoWords(t *testing.T) {
	tests := map[string]filter.Expression{
		"nothing":            filter.Or{},
		"no number":          number(attribute("a"), math.NaN()),
		"large number":       number(attribute("a"), 1e300),
		"message as number":  number(at(filter.PlaceBody), 1),
		"timestamp as text":  equal(at(filter.PlaceTimestamp), "2026-11-21T10:00:00Z"),
		"no level":           levels("loud"),
		"level as number":    filter.Compare{Field: at(filter.PlaceLevel), Number: 1},
		"id in upper case":   equal(at(filter.PlaceID), "A"),
		"no trace id":        equal(at(filter.PlaceTraceID), "x"),
		"empty service name": equal(at(filter.PlaceService), ""),
		"empty key":          filter.Exists{Field: attribute("")},
		"key is not UTF-8":   filter.Exists{Field: attribute("\xff")},
		"value is not UTF-8": equal(attribute("a"), "\xff"),
		"unknown place":      filter.Exists{Field: at(-1)},
		"part":               filter.And{word("a"), equal(attribute("a"), "\xff")},
	}
	for name, e := range tests {
		t.Run(name, func(t *testing.T) {
			_, ok := text.Format(e)
			assert.False(t, ok)
		})
	}
}

// What is written must be read as the same filter, and be written in the same way
// again.
func TestRoundTrip(t *testing.T) {
	written := 0
	const rounds = 1200
	for seed := range uint64(rounds) {
		random := rand.New(rand.NewPCG(seed, 5))
		records := make([]record.Record, 10)
		for i := range records {
			records[i] = filtertest.Record(random)
		}
		e := filtertest.Expression(random, records...)
		line, ok := text.Format(e)
		if !ok {
			continue
		}
		written++
		read, err := text.Parse(line, dates.Clock{})
		require.NoError(t, err, "seed %d: %s", seed, line)
		for _, r := range records {
			require.Equal(t, filter.Matches(e, r), filter.Matches(read, r), "seed %d: %s\n%#v\n%#v", seed, line, e, read)
		}
		again, ok := text.Format(read)
		require.True(t, ok, "seed %d: %s", seed, line)
		require.Equal(t, line, again, "seed %d", seed)
	}
	assert.Greater(t, written, rounds/2)
}

// What is read must be written, unless the language has no words for it, and then be
// read as the same filter.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`level:error service:checkout user.id=42 "card declined" -path:/health (a OR b)`, `NOT a\ b:"\"x\"" OR path:/*/x AND (level>=warn)`,
		`timestamp>-1h a=~^x(y)\.$ b~(q OR "w") c!=(1 OR 2)`, `any.x:>=5 "two words"<2026-11-21`, `trace_id:(00112233445566778899aabbccddeeff OR 00000000000000000000000000000000)`,
		`time*out -message:(a*b OR c)`, `((a)`, `"a`, `a:`, `service:("" OR b)`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, input string) {
		e, err := text.Parse(input, clock())
		if err != nil {
			var problem *text.Error
			require.ErrorAs(t, err, &problem)
			require.GreaterOrEqual(t, problem.Column, 1)
			require.LessOrEqual(t, problem.Column, len([]rune(input))+1)
			return
		}
		_, err = filter.Compile(e)
		require.NoError(t, err)
		line, ok := text.Format(e)
		if !ok {
			return
		}
		read, err := text.Parse(line, dates.Clock{})
		require.NoError(t, err)
		random := rand.New(rand.NewPCG(uint64(len(input)), 6))
		for range 5 {
			r := filtertest.Record(random)
			require.Equal(t, filter.Matches(e, r), filter.Matches(read, r), "%s", line)
		}
	})
}
