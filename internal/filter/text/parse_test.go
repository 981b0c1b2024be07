package text_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/dates"
	"github.com/docketlog/docket/internal/filter/text"
)

func clock() dates.Clock {
	return dates.Clock{Now: time.Date(2026, 11, 21, 17, 0, 0, 0, time.UTC)}
}

func at(place filter.Place) filter.Field { return filter.Field{Place: place} }

func attribute(key string) filter.Field {
	return filter.Field{Place: filter.PlaceAttribute, Key: key}
}

func word(parts ...string) filter.Expression {
	return filter.Contains{Field: at(filter.PlaceBody), Parts: parts}
}

func equal(field filter.Field, values ...string) filter.Expression {
	return filter.Equal{Field: field, Values: values}
}

func number(field filter.Field, values ...float64) filter.Expression {
	return filter.EqualNumber{Field: field, Values: values}
}

func wildcard(field filter.Field, parts ...string) filter.Expression {
	return filter.Wildcard{Field: field, Parts: parts}
}

func levels(names ...string) filter.Expression { return equal(at(filter.PlaceLevel), names...) }

func not(part filter.Expression) filter.Expression { return filter.Not{Part: part} }

func pattern(t *testing.T, field filter.Field, expression string) filter.Expression {
	t.Helper()
	compiled, err := filter.ParseRegexp(expression)
	require.NoError(t, err)
	return filter.Regexp{Field: field, Pattern: compiled}
}

func TestParse(t *testing.T) {
	day := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	dayEnd := day.AddDate(0, 0, 1).Add(-1)
	a, b, c := word("a"), word("b"), word("c")
	path := attribute("path")
	compareTime := func(field filter.Field, order filter.Order, t time.Time) filter.Expression {
		return filter.CompareTime{Field: field, Order: order, Time: t}
	}
	tests := map[string]filter.Expression{
		"":      nil,
		" \t\n": nil,

		// Words and how they are joined.
		"a":                    a,
		" a ":                  a,
		"a b":                  filter.And{a, b},
		"a AND b":              filter.And{a, b},
		"a OR b":               filter.Or{a, b},
		"a b OR c":             filter.Or{filter.And{a, b}, c},
		"a (b OR c)":           filter.And{a, filter.Or{b, c}},
		"((a))":                a,
		"(a)b(c)":              filter.And{a, b, c},
		"-a":                   not(a),
		"NOT a":                not(a),
		"NOT(a b)":             not(filter.And{a, b}),
		"-(a OR -b)":           not(filter.Or{a, not(b)}),
		"--a":                  a,
		"NOT -a":               a,
		"a AND NOT b OR c":     filter.Or{filter.And{a, not(b)}, c},
		"and or not AND ORDER": filter.And{word("and"), word("or"), word("not"), word("ORDER")},
		`"OR"`:                 word("OR"),
		`\OR`:                  word(`\OR`),
		`"card declined"`:      word("card declined"),
		`"a \"b\" \\ \n *"`:    word(`a "b" \ \n *`),
		`""`:                   word(""),
		"a-b":                  word("a-b"),
		`\-a`:                  word("-a"),
		`a\ b`:                 word("a b"),
		`C\:\Users`:            word(`C:\Users`),
		"50%":                  word("50%"),
		"it's":                 word("it's"),
		"wow!":                 word("wow!"),
		"日本語　Straße":           filter.And{word("日本語"), word("Straße")},
		"fail*":                word("fail"),
		"time*out":             wildcard(at(filter.PlaceBody), "", "time", "out", ""),
		`a\*b`:                 word("a*b"),
		"*":                    filter.Exists{Field: at(filter.PlaceBody)},
		"message:*a*":          a,
		"message:(a OR b)":     word("a", "b"),
		"message:(a OR b*c)":   filter.Or{wildcard(at(filter.PlaceBody), "", "b", "c", ""), a},
		"message=a":            equal(at(filter.PlaceBody), "a"),
		"message~(a* OR b)":    word("a*", "b"),
		`-message=~"^a \d+$"`:  not(pattern(t, at(filter.PlaceBody), `^a \d+$`)),

		// Attributes.
		"path:/health":               equal(path, "/health"),
		"-path:/health":              not(equal(path, "/health")),
		"path!=/health":              not(equal(path, "/health")),
		"path=/a*":                   equal(path, "/a*"),
		"path:/a*":                   wildcard(path, "/a", ""),
		"path:*.js":                  wildcard(path, "", ".js"),
		"path:/*/edit*":              wildcard(path, "/", "/edit", ""),
		`path:/a\*`:                  equal(path, "/a*"),
		`path:"/a*"`:                 equal(path, "/a*"),
		"path:*":                     filter.Exists{Field: path},
		"path:**":                    filter.Exists{Field: path},
		`path:""`:                    equal(path, ""),
		`path:"a b"`:                 equal(path, "a b"),
		"path:a:b=c":                 equal(path, "a:b=c"),
		"path:-a":                    equal(path, "-a"),
		"path:(a OR b OR *)":         filter.Or{filter.Exists{Field: path}, equal(path, "a", "b")},
		`path:( "a b" OR c* )`:       filter.Or{wildcard(path, "c", ""), equal(path, "a b")},
		"path~Health":                filter.Contains{Field: path, Parts: []string{"Health"}},
		"path~(a OR b)":              filter.Contains{Field: path, Parts: []string{"a", "b"}},
		`path=~"^/api/(v1|v2)\.x"`:   pattern(t, path, `^/api/(v1|v2)\.x`),
		`path=~^/api/(v1|v2)\.x`:     pattern(t, path, `^/api/(v1|v2)\.x`),
		`(path=~^a(b) c)`:            filter.And{pattern(t, path, "^a(b)"), c},
		`path=~(a|b)`:                pattern(t, path, "(a|b)"),
		"user.id=42":                 number(attribute("user.id"), 42),
		"user.id:4.20":               number(attribute("user.id"), 4.2),
		`user.id="42"`:               equal(attribute("user.id"), "42"),
		"user.id=9007199254740993":   equal(attribute("user.id"), "9007199254740993"),
		"user.id:(1 OR 2)":           number(attribute("user.id"), 1, 2),
		"user.id!=(1 OR x)":          not(filter.Or{number(attribute("user.id"), 1), equal(attribute("user.id"), "x")}),
		"status>=500":                filter.Compare{Field: attribute("status"), Order: filter.GreaterOrEqual, Number: 500},
		"status:>=500":               filter.Compare{Field: attribute("status"), Order: filter.GreaterOrEqual, Number: 500},
		`status:">=500"`:             equal(attribute("status"), ">=500"),
		"status<-1.5e3":              filter.Compare{Field: attribute("status"), Order: filter.Less, Number: -1500},
		"expires>2026-11-20":         compareTime(attribute("expires"), filter.Greater, dayEnd),
		"expires<=2026-11-20T00:00Z": compareTime(attribute("expires"), filter.LessOrEqual, day.Add(time.Minute-1)),
		"attributes.level:x":         equal(filter.Field{Place: filter.PlaceLogAttribute, Key: "level"}, "x"),
		"resource.host.name:x":       equal(filter.Field{Place: filter.PlaceResourceAttribute, Key: "host.name"}, "x"),
		"any.level:x":                equal(attribute("level"), "x"),
		`"any.two words":x`:          equal(attribute("two words"), "x"),
		`"two words">5`:              filter.Compare{Field: attribute("two words"), Order: filter.Greater, Number: 5},
		`two\ words:x`:               equal(attribute("two words"), "x"),
		"http://x":                   equal(attribute("http"), "//x"),

		// Fields of the record.
		"level:error":                    levels("error"),
		"level:(WARN OR warning OR Err)": levels("warn", "warn", "error"),
		"level!=info":                    not(levels("info")),
		"level>=warn":                    levels("warn", "error", "fatal"),
		"level<debug":                    levels("trace"),
		"level<trace":                    levels(),
		"level>=unspecified":             levels("unspecified"),
		"level:*":                        filter.Exists{Field: at(filter.PlaceLevel)},
		"level:err*":                     wildcard(at(filter.PlaceLevel), "err", ""),
		"severity_number>=17":            filter.Compare{Field: at(filter.PlaceSeverityNumber), Order: filter.GreaterOrEqual, Number: 17},
		"severity_number:17":             number(at(filter.PlaceSeverityNumber), 17),
		"service:checkout":               equal(at(filter.PlaceService), "checkout"),
		"service:007":                    equal(at(filter.PlaceService), "007"),
		`service:""`:                     filter.Not{Part: filter.Exists{Field: at(filter.PlaceService)}},
		"event:user.login":               equal(at(filter.PlaceEventName), "user.login"),
		"id:018B70A4-64D8-7000-8000-000000000001":   equal(at(filter.PlaceID), "018b70a4-64d8-7000-8000-000000000001"),
		"trace_id:00112233445566778899AABBCCDDEEFF": equal(at(filter.PlaceTraceID), "00112233445566778899aabbccddeeff"),
		"span_id:ABEiM0RVZnc=":                      equal(at(filter.PlaceSpanID), "0011223344556677"),
		"-trace_id:*":                               not(filter.Exists{Field: at(filter.PlaceTraceID)}),
		"timestamp>=2026-11-20":                     compareTime(at(filter.PlaceTimestamp), filter.GreaterOrEqual, day),
		"timestamp:2026-11-20":                      filter.And{compareTime(at(filter.PlaceTimestamp), filter.GreaterOrEqual, day), compareTime(at(filter.PlaceTimestamp), filter.LessOrEqual, dayEnd)},
		"timestamp>-30M":                            compareTime(at(filter.PlaceTimestamp), filter.Greater, clock().Now.Add(-30*time.Minute)),
		"observed_timestamp<=-1h":                   compareTime(at(filter.PlaceObservedTime), filter.LessOrEqual, clock().Now.Add(-time.Hour)),

		// Together.
		`level:error service:checkout user.id=42 "card declined" -path:/health (a OR b)`: filter.And{
			levels("error"), equal(at(filter.PlaceService), "checkout"), number(attribute("user.id"), 42), word("card declined"),
			not(equal(path, "/health")),
			filter.Or{a, b},
		},
	}
	for input, want := range tests {
		t.Run(input, func(t *testing.T) {
			got, err := text.Parse(input, clock())
			require.NoError(t, err)
			// How parts stand in each other is not what matters here, unlike their meaning.
			assert.Equal(t, normal(want), normal(got))
		})
	}
}

// normal leaves nil as it is, which says that a text is blank.
func normal(e filter.Expression) filter.Expression {
	if e == nil {
		return nil
	}
	return filter.Normalize(e)
}

func TestParseRefuses(t *testing.T) {
	tests := map[string]struct {
		input   string
		column  int
		problem string
	}{
		"open group":            {"a (b", 5, "expected a closing ) for the ( in column 3, not the end"},
		"closed too often":      {"a) b", 2, "expected a condition or the end, not ): no ( is open"},
		"only closing":          {")", 1, "expected a condition, not )"},
		"empty group":           {"a ()", 4, "expected a condition, not )"},
		"OR at the start":       {"OR a", 1, `expected a condition before OR; write "OR" to look for the word`},
		"OR at the end":         {"a OR", 5, "expected a condition, not the end"},
		"AND at the end":        {"a AND ", 7, "expected a condition, not the end"},
		"OR twice":              {"a OR OR b", 6, "expected a condition before OR"},
		"AND after OR":          {"a OR AND b", 6, "expected a condition before AND"},
		"NOT at the end":        {"日本 NOT", 7, "expected a condition, not the end"},
		"minus alone":           {"a - b", 4, "expected a condition, not a space"},
		"open quote":            {`a "b c`, 7, `expected a closing " for the one in column 3`},
		"escaped quote":         {`"a\"`, 5, `expected a closing " for the one in column 1`},
		"text after a quote":    {`"a"b`, 4, `expected a space after the closing ", not b`},
		"text after a value":    {`k:"a"b`, 6, `expected a space after the closing ", not b`},
		"no value":              {"level:", 7, "expected a value after :, not the end"},
		"space for a value":     {"level: error", 7, "expected a value after :, not a space"},
		"no value in a group":   {"(a>)", 4, "expected a value after >, not )"},
		"no field":              {"a :b", 3, "expected the name of a field before :"},
		"empty field":           {`"":b`, 3, "expected the name of a field before :"},
		"no key":                {"attributes.:x", 1, "expected a key after attributes."},
		"list of an order":      {"a>(1 OR 2)", 3, "expected one value after >, not a list"},
		"list without OR":       {"a:(b c)", 6, "expected OR between the values of a list, or a closing ), not c"},
		"open list":             {"a:(b OR c", 10, "expected OR or a closing ) for the ( in column 3, not the end"},
		"empty list":            {"a:()", 4, "expected a value after :, not )"},
		"group in a list":       {"a:((b))", 4, "expected a value after :, not ("},
		"no level":              {"a level:loud", 9, "expected a level: trace, debug, info, warn, error, fatal or unspecified"},
		"level is a number":     {"level:30", 7, "expected a level"},
		"order of no level":     {"level>5", 7, "expected a level"},
		"no date":               {"ö timestamp>soon", 13, "expected a date, ISO 8601 (2026-11-21T10:00:00Z) or relative (-1h, -7d, -30M, dStart)"},
		"no number":             {"status>=high", 9, "expected a number or a date (2026-11-21T10:00:00Z) after >="},
		"relative on attribute": {"expires>-1h", 9, "expected a number or a date"},
		"no trace id":           {"trace_id:abc", 10, "expected an id: send 32 hex digits, or 16 bytes in base64"},
		"regexp":                {`path=~"a("`, 7, "expected another regular expression: it is not one of RE2"},
		"long value":            {"a b:" + strings.Repeat("x", 1025), 5, "expected at most 1024 characters in a value, not 1025"},
		"long text":             {strings.Repeat("ä ", 4097), 8193, "expected at most 8192 characters, not 8194"},
		"many conditions":       {strings.Repeat("a ", 257), 513, "expected at most 256 conditions"},
		"many values":           {"a:(" + strings.Repeat("b OR ", 256) + "b)", 1284, "expected at most 256 values"},
		"deep":                  {strings.Repeat("(", 16) + "a" + strings.Repeat(")", 16), 16, "expected at most 15 parentheses in each other"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := text.Parse(test.input, clock())
			var problem *text.Error
			require.ErrorAs(t, err, &problem)
			assert.Contains(t, problem.Problem, test.problem)
			assert.Equal(t, test.column, problem.Column)
		})
	}
}
