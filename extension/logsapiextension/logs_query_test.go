package logsapiextension

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/docketlog/docket/internal/logstore"
)

// Every parameter, with values that are good.
func TestLogsParameters(t *testing.T) {
	s := newServerWithEvents(t)
	all := []string{
		"Failed to authenticate", "Straße gesperrt", "Product retrieved", "Slow", "Out of disk", "100%_sure [x]", "Traced",
		"Unspecified",
	}
	for query, want := range map[string][]string{
		"":                                       all,
		"?":                                      all,
		"?limit=1":                               all[:1],
		"?limit=1000":                            all,
		"?limit=3":                               all[:3],
		"?limit=003":                             all[:3],
		"?offset=0":                              all,
		"?offset=6":                              all[6:],
		"?offset=8":                              {},
		"?offset=99999999":                       {},
		"?offset=9223372036854775807&limit=1000": {},
		"?offset=2&limit=2":                      all[2:4],

		"?level=ERROR":       {"Failed to authenticate"},
		"?level=error":       {"Failed to authenticate"},
		"?level=Warn":        {"Slow"},
		"?level=INFO":        {"Straße gesperrt", "Product retrieved"},
		"?level=FATAL":       {"Out of disk"},
		"?level=DEBUG":       {"100%_sure [x]"},
		"?level=TRACE":       {"Traced"},
		"?level=UNSPECIFIED": {"Unspecified"},

		"?service=user-service": {"Failed to authenticate", "Slow", "100%_sure [x]"},
		"?service=User-Service": {"Out of disk"},
		"?service=user":         {},

		"?search=":             all,
		"?search=disk":         {"Out of disk"},
		"?search=OUT+of%20DI":  {"Out of disk"},
		"?search=out++of":      {},
		"?search=%25_sure":     {"100%_sure [x]"},
		"?search=%5Bx%5D":      {"100%_sure [x]"},
		"?search=STRA%C3%9FE":  {"Straße gesperrt"},
		"?search=%2A":          {},
		"?search=user-service": {},

		"?search=" + strings.Repeat("%C3%85", 1000): {},

		"?q=":                                  all,
		"?q=+":                                 all,
		"?q=disk":                              {"Out of disk"},
		"?q=level%3E%3Derror":                  {"Failed to authenticate", "Out of disk"},
		"?q=service:user-service+-slow":        {"Failed to authenticate", "100%_sure [x]"},
		"?q=disk+OR+slow&service=User-Service": {"Out of disk"},
		"?q=o&search=disk":                     {"Out of disk"},
		"?q=timestamp%3C2023-10-27&limit=1":    {"Slow"},

		"?startDate=2023-10-27T10:30:01Z":                                {"Failed to authenticate", "Straße gesperrt", "Product retrieved"},
		"?startDate=2023-10-27T10:30:01.1Z":                              {"Failed to authenticate", "Straße gesperrt"},
		"?startDate=2023-10-27":                                          {"Failed to authenticate", "Straße gesperrt", "Product retrieved"},
		"?startDate=2023-10-27T12:35%2B02:00":                            {"Failed to authenticate"},
		"?startDate=2023-10-27T12:35+02:00":                              {"Failed to authenticate"},
		"?startDate=0001-01-01":                                          all,
		"?startDate=9999-12-31":                                          {},
		"?endDate=2023-10-26T11:00:00Z":                                  {"100%_sure [x]", "Traced", "Unspecified"},
		"?endDate=2023-10-26":                                            {"Slow", "Out of disk", "100%_sure [x]", "Traced", "Unspecified"},
		"?endDate=9999-12-31T23:59:59Z":                                  all,
		"?endDate=0001-01-01":                                            {},
		"?startDate=2023-10-27T10:30:01Z&endDate=2023-10-27T10:30:01Z":   {"Straße gesperrt", "Product retrieved"},
		"?startDate=2023-10-27T10:30:01.5Z&endDate=2023-10-27T10:30:01Z": {"Straße gesperrt"},
		"?startDate=2023-10-26T12:00:00Z&endDate=2023-10-26T23:59:59Z":   {"Slow", "Out of disk"},

		"?level=INFO&service=product-service&search=product&startDate=2023-10-27&endDate=2023-10-27&limit=1&offset=0": {"Product retrieved"},
	} {
		t.Run(query, func(t *testing.T) { assert.Equal(t, want, s.logs(query).messages()) })
	}
}

// Every parameter, with values that are bad; the message names the parameter.
func TestLogsBadParameters(t *testing.T) {
	const (
		badStart   = "Invalid date format for 'startDate'. Please use ISO 8601 format (YYYY-MM-DDTHH:MM:SSZ)."
		badEnd     = "Invalid date format for 'endDate'. Please use ISO 8601 format (YYYY-MM-DDTHH:MM:SSZ)."
		badLimit   = "Invalid value for 'limit'. Please use an integer from 1 to 1000."
		badOffset  = "Invalid value for 'offset'. Please use an integer from 0 on."
		badLevel   = "Invalid value for 'level'. Please use one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL, UNSPECIFIED."
		parameters = "The parameters are: limit, offset, startDate, endDate, level, service, search, q."
	)
	s := newServer(t, nil)
	for query, message := range map[string]string{
		"limit=0":                    badLimit,
		"limit=1001":                 badLimit,
		"limit=-1":                   badLimit,
		"limit=":                     badLimit,
		"limit":                      badLimit,
		"limit=ten":                  badLimit,
		"limit=1.0":                  badLimit,
		"limit=%2010":                badLimit,
		"limit=0x10":                 badLimit,
		"limit=99999999999999999999": badLimit,

		"offset=-1":                   badOffset,
		"offset=":                     badOffset,
		"offset=1e3":                  badOffset,
		"offset=99999999999999999999": badOffset,

		"startDate=":                              badStart,
		"startDate=yesterday":                     badStart,
		"startDate=1698400800":                    badStart,
		"startDate=2023-02-30":                    badStart,
		"startDate=2023-10-27T25:00:00Z":          badStart,
		"endDate=27.10.2023":                      badEnd,
		"endDate=2023-10-27T10:00:00%2B99:00":     badEnd,
		"startDate=x&endDate=y":                   badStart + " " + badEnd,
		"startDate=2023-10-28&endDate=2023-10-27": "Invalid date range: 'startDate' must not be after 'endDate'.",
		"startDate=2023-10-27T10:00:01Z&endDate=2023-10-27T10:00:00Z": "Invalid date range: 'startDate' must not be after 'endDate'.",

		"level=":           badLevel,
		"level=NOISE":      badLevel,
		"level=INFO,ERROR": badLevel,
		"level=9":          badLevel,
		"level=INFO+":      badLevel,

		"service=":    "Invalid value for 'service'. Please use the name of a service, or leave the parameter out.",
		"service=%FF": "Invalid value for 'service'. Please use UTF-8.",
		"search=%FF":  "Invalid value for 'search'. Please use UTF-8.",

		"q=%FF":               "Invalid value for 'q'. Please use UTF-8.",
		"q=level:error+path:": "Invalid value for 'q', column 18: expected a value after :, not the end.",
		"q=%C3%A9+%22a":       "Invalid value for 'q', column 5: expected a closing \" for the one in column 3.",
		"q=(a&limit=0":        badLimit + " Invalid value for 'q', column 3: expected a closing ) for the ( in column 1, not the end.",
		"q=a&q=a":             "The parameter 'q' is given more than once.",

		"search=" + strings.Repeat("a", 1001): "Invalid value for 'search'. Please use at most 1000 characters.",

		"limit=1&limit=2":                   "The parameter 'limit' is given more than once.",
		"search=a&search=a":                 "The parameter 'search' is given more than once.",
		"servce=a":                          "Unknown parameter 'servce'. " + parameters,
		"Level=INFO":                        "Unknown parameter 'Level'. " + parameters,
		"b=1&a=1&a=2":                       "Unknown parameter 'a'. Unknown parameter 'b'. " + parameters,
		"=1":                                "Unknown parameter ''. " + parameters,
		"%FF%3Cscript%3E=1":                 "Unknown parameter '\uFFFD<script>'. " + parameters,
		strings.Repeat("é", 65) + "=1":      "Unknown parameter '" + strings.Repeat("é", 64) + "…'. " + parameters,
		"a=&b=&c=&d=&e=&f=&g=":              "Unknown parameter 'a'. Unknown parameter 'b'. Unknown parameter 'c'. Unknown parameter 'd'. Unknown parameter 'e'. There are 2 more unknown parameters. " + parameters,
		"limit=0&offset=-1&level=x&page=2":  badLimit + " " + badOffset + " " + badLevel + " Unknown parameter 'page'. " + parameters,
		"search=%":                          "Malformed query string: please percent-encode every name and value.",
		"search=a;b":                        "Malformed query string: please percent-encode every name and value.",
		"limit=1&search=%zz&unknown=ignore": "Malformed query string: please percent-encode every name and value.",
	} {
		t.Run(query, func(t *testing.T) {
			assert.Equal(t, message, assertStatusError(t, s.get("/logs?"+query, readerToken), http.StatusBadRequest))
		})
	}
	assert.Zero(t, s.store.searches+s.store.counts, "a bad request must not reach the store")
}

// FuzzParseLogsQuery checks that whatever is taken is within bounds, and that
// whatever is refused is refused with a text that fits in the answer's JSON.
func FuzzParseLogsQuery(f *testing.F) {
	for _, seed := range []string{
		"", "limit=10&level=ERROR&service=user-service&startDate=2023-10-27T09%3A00%3A00Z&offset=0",
		"endDate=20231027T100000,5+0200&search=a%20b", "q=level:error+-path:%22/a%22&limit=2", "limit=1&limit=2&unknown=%FF", "search=%", "startDate=0000-01-01",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		query, err := parseLogsQuery(raw)
		if err != nil {
			p := problemOf(err)
			assert.Equal(t, http.StatusBadRequest, p.status)
			assert.NotEmpty(t, p.detail)
			assert.True(t, json.Valid(logsShape(nil, p)))
			return
		}
		assert.True(t, query.Limit >= 1 && query.Limit <= 1000)
		assert.GreaterOrEqual(t, query.Offset, 0)
		assert.Equal(t, logstore.NewestFirst, query.Order)
		assert.True(t, query.From.IsZero() || query.To.IsZero() || !query.From.After(query.To))
	})
}
