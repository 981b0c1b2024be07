package bench

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"
)

const (
	// wholeTime names a time with all digits, so that it includes nothing beside
	// itself.
	wholeTime = "2006-01-02T15:04:05.000000000Z"

	pageLimit = 50
	topLimit  = 100
	buckets   = 60
	// rangesStep and sparklineStep are the widths of the buckets into which Docket
	// divides a week, the former when it is asked for 60.
	rangesStep, sparklineStep = "2h", "4h"
)

// question is a kind of question, of which each is a little different.
type question struct {
	name string
	make func(*questioner) asked
}

// asked is the same question in each language, by the name of who speaks it.
type asked map[string]request

// of is the question to a server. Elasticsearch and OpenSearch speak the same language,
// and so do all Dockets.
func (a asked) of(server string) request {
	switch server {
	case "opensearch":
		return a["elasticsearch"]
	case "docket-elasticsearch":
		return a["docket"]
	default:
		return a[server]
	}
}

// questioner makes questions about a corpus.
type questioner struct {
	b       *testing.B
	docket  *searched
	records *corpus
	random  *rand.Rand
}

// questions are the kinds. VictoriaLogs is asked for the newest records by its parameter
// limit. Docket finds texts in any case, and parts of words too. VictoriaLogs is asked for
// texts in any case, for which its index is of no use, and once in its own way, which finds
// whole words in the case as it is written. Elasticsearch and OpenSearch are asked for whole
// words, by their index, in any case. In these records all that is the same.
func questions() []question {
	return []question{
		{"newest 50", func(q *questioner) asked { return q.page(condition{}) }},
		{"level+service, 50", func(q *questioner) asked {
			service := quote(serviceName(q.random.IntN(services)))
			return q.page(condition{
				`,"severityLevels":["error"],"serviceNames":[` + service + `]`, errorLevel + ` "service.name":=` + service,
				errorRange + `,{"term":{"service.name":` + service + `}}`,
			})
		}},
		{"word, 50", func(q *questioner) asked { return q.page(containing("removed")) }},
		{"rare word, 50", func(q *questioner) asked { return q.page(containing(q.sample().user + " ")) }},
		{"same, VL with case", func(q *questioner) asked {
			word := q.sample().user
			rare := containing(word + " ")
			rare.logsql = quote(word)
			return q.page(rare)
		}},
		{"phrase, 50", func(q *questioner) asked { return q.page(containing(q.sample().user + " removed the order")) }},
		{"attribute, 50 of 200", func(q *questioner) asked { return q.page(attributeIs("user.id", q.sample().user)) }},
		{"unique attribute", func(q *questioner) asked { return q.page(attributeIs("order.id", q.sample().order)) }},
		{"by id", (*questioner).byID},
		{"cursor, 50", (*questioner).cursor},
		{"count all", func(q *questioner) asked { return countQuestion(q.records.from, q.until(), condition{}) }},
		{"count errors", func(q *questioner) asked {
			return countQuestion(q.records.from, q.until(), condition{`,"severityLevels":["error"]`, errorLevel, errorRange})
		}},
		{"count a word", func(q *questioner) asked { return countQuestion(q.records.from, q.until(), containing("removed")) }},
		{"top of 30 services", func(q *questioner) asked { return q.top(`"facetField":"service_name"`, "service.name") }},
		{"top 100 of 1,000", func(q *questioner) asked { return q.top(`"facetAttribute":"client.address"`, "client.address") }},
		{"60 buckets", (*questioner).buckets},
		{"sparkline by level", (*questioner).sparkline},
	}
}

// condition is the same in Docket's JSON, with a comma before it, in LogsQL, and as a query
// of Elasticsearch; each empty if there is none.
type condition struct{ docket, logsql, elastic string }

// errorLevel and errorRange are the level error for those that have severities only.
const (
	errorLevel = "severity_number:in(17,18,19,20)"
	errorRange = `{"range":{"severity_number":{"gte":17,"lte":20}}}`
)

// containing finds a text in messages, in any case.
func containing(text string) condition {
	return condition{`,"searchTerm":` + quote(text), "i(" + quote(text) + ")", `{"match_phrase":{"message":` + quote(text) + `}}`}
}

// attributeIs finds a value of an attribute.
func attributeIs(key, value string) condition {
	return condition{
		attributeFilter("log_attribute", key, value), quote(key) + ":=" + quote(value),
		`{"term":{` + quote(key) + `:` + quote(value) + `}}`,
	}
}

func attributeFilter(kind, key, value string) string {
	return fmt.Sprintf(`,"filterGroup":[{"type":%q,"key":%q,"operator":"exact","value":[%s]}]`, kind, key, quote(value))
}

// quote makes a string of JSON, which is one of LogsQL too.
func quote(text string) string {
	quoted, _ := json.Marshal(text) // strings cannot fail
	return string(quoted)
}

// until is a moment in the last six days.
func (q *questioner) until() time.Time {
	return q.records.to.Add(-time.Duration(q.random.Int64N(int64(corpusSpan - 24*time.Hour))))
}

func (q *questioner) sample() recordSample {
	return q.records.samples[q.random.IntN(len(q.records.samples))]
}

// page asks for the newest records of a range that begins with the week.
func (q *questioner) page(of condition) asked {
	to := q.until()
	return asked{
		"docket":        docketPage(docketRange(q.records.from, to), of.docket),
		"victorialogs":  victoriaPage(victoriaRange(q.records.from, to) + " " + cmp.Or(of.logsql, "*")),
		"elasticsearch": elasticPage(elasticFilter(q.records.from, to, of), ""),
	}
}

// byID asks for a record by its id. The others give records none that they could be asked
// for, so they are asked for an id of the sender.
func (q *questioner) byID() asked {
	sample := q.sample()
	order := attributeIs("order.id", sample.order)
	return asked{
		"docket":        docketPage(docketRange(q.records.from, q.records.to), attributeFilter("log", "uuid", q.docketRow(sample).UUID)),
		"victorialogs":  victoriaPage(victoriaRange(q.records.from, q.records.to) + " " + order.logsql),
		"elasticsearch": elasticPage(elasticFilter(q.records.from, q.records.to, order), ""),
	}
}

// cursor goes on after a record: Docket by its cursor, Elasticsearch by its search_after, and
// VictoriaLogs by the time; the latter would repeat or leave out records if several had the
// same time.
func (q *questioner) cursor() asked {
	sample := q.sample()
	at := quote(sample.at.Format(wholeTime))
	after := quote(base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"timestamp":%s,"uuid":%q}`, at, q.docketRow(sample).UUID)))
	return asked{
		"docket":        docketPage(docketRange(q.records.from, q.records.to), `,"after":`+after),
		"victorialogs":  victoriaPage(victoriaRange(q.records.from, sample.at.Add(-1)) + " *"),
		"elasticsearch": elasticPage(elasticFilter(q.records.from, q.records.to, condition{}), fmt.Sprintf(`,"search_after":[%d]`, sample.at.UnixNano())),
	}
}

// docketRow looks up what Docket has made of a record.
func (q *questioner) docketRow(sample recordSample) docketRow {
	q.b.Helper()
	found := request{
		method: http.MethodPost, path: "query", contentType: jsonType,
		body: `{"query":{` + docketRange(sample.at, sample.at) + `}}`,
	}
	answer, err := q.docket.send(q.b.Context(), found, q.docket.api+found.path)
	if err != nil {
		q.b.Fatal(err)
	}
	var page docketRows
	if err := json.Unmarshal(answer.body, &page); err != nil || len(page.Results) != 1 {
		q.b.Fatalf("look up the record of %s: %v in %.500s", sample.at.Format(wholeTime), err, answer.body)
	}
	return page.Results[0]
}

func countQuestion(from, to time.Time, of condition) asked {
	return asked{
		"docket": {
			method: http.MethodPost, path: "count", contentType: jsonType,
			body: `{"query":{` + docketRange(from, to) + of.docket + `}}`, read: readDocketCount,
		},
		"victorialogs":  victoria("query", victoriaRange(from, to)+" "+of.logsql+" | stats count() hits", readLines("hits")),
		"elasticsearch": elasticCount(elasticFilter(from, to, of)),
	}
}

func (q *questioner) top(facet, field string) asked {
	to := q.until()
	return asked{
		"docket": {
			method: http.MethodPost, path: "facet_values", contentType: jsonType,
			body: `{"query":{` + docketRange(q.records.from, to) + `,` + facet + `}}`, read: readDocketCounts("results", "count"),
		},
		"victorialogs": victoria("query", fmt.Sprintf("%s | top %d by (%s) hits as hits", victoriaRange(q.records.from, to), topLimit, quote(field)), readLines("hits")),
		"elasticsearch": elasticAggregation(elasticFilter(q.records.from, to, condition{}),
			fmt.Sprintf(`{"terms":{"field":%s,"size":%d}}`, quote(field), topLimit), readElasticCounts),
	}
}

func (q *questioner) buckets() asked {
	from := q.records.from.Add(time.Duration(q.random.Int64N(int64(time.Minute))))
	return asked{
		"docket": {
			method: http.MethodPost, path: "count-ranges", contentType: jsonType,
			body: `{"query":{` + docketRange(from, q.records.to) + fmt.Sprintf(`,"targetBuckets":%d}}`, buckets),
			read: readDocketCounts("ranges", "count"),
		},
		"victorialogs": victoria("query", victoriaRange(from, q.records.to)+
			" | stats by (_time:"+rangesStep+") count() hits | sort by (_time)", readLines("hits")),
		"elasticsearch": elasticAggregation(elasticFilter(from, q.records.to, condition{}), elasticHistogram(rangesStep, ""), readElasticCounts),
	}
}

func (q *questioner) sparkline() asked {
	from := q.records.from.Add(time.Duration(q.random.Int64N(int64(time.Minute))))
	return asked{
		"docket": {
			method: http.MethodPost, path: "sparkline", contentType: jsonType,
			body: `{"query":{` + docketRange(from, q.records.to) + `}}`, read: readSparkline,
		},
		"victorialogs": victoria("query", victoriaRange(from, q.records.to)+
			" | stats by (_time:"+sparklineStep+", severity_number) count() hits, sum_len(_msg) bytes", readVictoriaBuckets),
		"elasticsearch": elasticAggregation(elasticFilter(from, q.records.to, condition{}), elasticHistogram(sparklineStep,
			`,"aggs":{"levels":{"terms":{"field":"severity_number","size":30},"aggs":{"bytes":{"sum":{"field":"bytes"}}}}}`), readElasticBuckets),
	}
}

func docketRange(from, to time.Time) string {
	return fmt.Sprintf(`"dateRange":{"date_from":%q,"date_to":%q}`, from.UTC().Format(wholeTime), to.UTC().Format(wholeTime))
}

func victoriaRange(from, to time.Time) string {
	return fmt.Sprintf("_time:[%s, %s]", from.UTC().Format(wholeTime), to.UTC().Format(wholeTime))
}

func docketPage(dateRange, filter string) request {
	return request{
		method: http.MethodPost, path: "query", contentType: jsonType,
		body: fmt.Sprintf(`{"query":{%s%s,"limit":%d}}`, dateRange, filter, pageLimit), read: readDocketPage,
	}
}

func victoriaPage(logsql string) request {
	page := victoria("query", logsql, readLines("_msg"))
	page.body += "&limit=" + strconv.Itoa(pageLimit)
	return page
}

func victoria(path, logsql string, read func([]byte) ([]string, error)) request {
	return request{
		method: http.MethodPost, path: path, contentType: "application/x-www-form-urlencoded",
		body: url.Values{"query": {logsql}}.Encode(), read: read,
	}
}
