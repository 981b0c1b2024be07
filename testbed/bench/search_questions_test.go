package bench

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
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

// asked is the same question to each server, by the server's name.
type asked map[string]request

// questioner makes questions about a corpus.
type questioner struct {
	b       *testing.B
	docket  *searched
	records *corpus
	random  *rand.Rand
}

// questions are the kinds. VictoriaLogs is asked for the newest records by its parameter
// limit. Docket finds texts in any case, so VictoriaLogs is asked for the same, for which
// its index is of no use; and once in its own way, which finds the case as it is written.
func questions() []question {
	return []question{
		{"newest 50", func(q *questioner) asked { return q.page("", "*") }},
		{"level+service, 50", func(q *questioner) asked {
			service := serviceName(q.random.IntN(services))
			return q.page(`,"severityLevels":["error"],"serviceNames":[`+quote(service)+`]`,
				errorLevel+` "service.name":=`+quote(service))
		}},
		{"word, 50", func(q *questioner) asked { return q.page(`,"searchTerm":"removed"`, "i(removed)") }},
		{"rare word, 50", func(q *questioner) asked {
			word := q.sample().user
			return q.page(`,"searchTerm":`+quote(word+" "), "i("+quote(word+" ")+")")
		}},
		{"same, VL with case", func(q *questioner) asked {
			word := q.sample().user
			return q.page(`,"searchTerm":`+quote(word+" "), quote(word))
		}},
		{"phrase, 50", func(q *questioner) asked {
			phrase := q.sample().user + " removed the order"
			return q.page(`,"searchTerm":`+quote(phrase), "i("+quote(phrase)+")")
		}},
		{"attribute, 50 of 200", func(q *questioner) asked {
			user := q.sample().user
			return q.page(attributeFilter("log_attribute", "user.id", user), `"user.id":=`+quote(user))
		}},
		{"unique attribute", func(q *questioner) asked {
			order := q.sample().order
			return q.page(attributeFilter("log_attribute", "order.id", order), `"order.id":=`+quote(order))
		}},
		{"by id", (*questioner).byID},
		{"cursor, 50", (*questioner).cursor},
		{"count all", func(q *questioner) asked { return countQuestion(q.records.from, q.until(), severityFilter{}) }},
		{"count errors", func(q *questioner) asked {
			return countQuestion(q.records.from, q.until(), severityFilter{`,"severityLevels":["error"]`, errorLevel})
		}},
		{"count a word", func(q *questioner) asked {
			return countQuestion(q.records.from, q.until(), severityFilter{`,"searchTerm":"removed"`, "i(removed)"})
		}},
		{"top of 30 services", func(q *questioner) asked { return q.top(`"facetField":"service_name"`, "service.name") }},
		{"top 100 of 1,000", func(q *questioner) asked { return q.top(`"facetAttribute":"client.address"`, "client.address") }},
		{"60 buckets", (*questioner).buckets},
		{"sparkline by level", (*questioner).sparkline},
	}
}

// errorLevel is the level error for VictoriaLogs, which has severities only.
const errorLevel = "severity_number:in(17,18,19,20)"

// severityFilter is a filter in Docket's JSON, with a comma before it, and in LogsQL.
type severityFilter struct{ docket, logsql string }

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
func (q *questioner) page(docketFilter, logsql string) asked {
	to := q.until()
	return asked{
		"docket":       docketPage(docketRange(q.records.from, to), docketFilter),
		"victorialogs": victoriaPage(victoriaRange(q.records.from, to) + " " + logsql),
	}
}

func (q *questioner) byID() asked {
	sample := q.sample()
	uuid := q.docketRow(sample).UUID
	week := docketRange(q.records.from, q.records.to)
	return asked{
		"docket": docketPage(week, attributeFilter("log", "uuid", uuid)),
		// VictoriaLogs gives records no ids. The closest is an id of the sender.
		"victorialogs": victoriaPage(victoriaRange(q.records.from, q.records.to) + ` "order.id":=` + quote(sample.order)),
	}
}

// cursor goes on after a record: Docket by its cursor, VictoriaLogs by the time, which
// would repeat or leave out records if several had the same one.
func (q *questioner) cursor() asked {
	sample := q.sample()
	after := quote(base64.StdEncoding.EncodeToString(fmt.Appendf(nil,
		`{"timestamp":%q,"uuid":%q}`, sample.at.Format(wholeTime), q.docketRow(sample).UUID)))
	return asked{
		"docket":       docketPage(docketRange(q.records.from, q.records.to), `,"after":`+after),
		"victorialogs": victoriaPage(victoriaRange(q.records.from, sample.at.Add(-1)) + " *"),
	}
}

// docketRow looks up what Docket has made of a record.
func (q *questioner) docketRow(sample recordSample) docketRow {
	q.b.Helper()
	found := request{
		method: http.MethodPost, path: "query", contentType: "application/json",
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

func countQuestion(from, to time.Time, filter severityFilter) asked {
	return asked{
		"docket": {
			method: http.MethodPost, path: "count", contentType: "application/json",
			body: `{"query":{` + docketRange(from, to) + filter.docket + `}}`, read: readDocketCount,
		},
		"victorialogs": victoria("query", victoriaRange(from, to)+" "+filter.logsql+" | stats count() hits", readLines("hits")),
	}
}

func (q *questioner) top(facet, field string) asked {
	to := q.until()
	return asked{
		"docket": {
			method: http.MethodPost, path: "facet_values", contentType: "application/json",
			body: `{"query":{` + docketRange(q.records.from, to) + `,` + facet + `}}`, read: readDocketCounts("results", "count"),
		},
		"victorialogs": victoria("query", fmt.Sprintf("%s | top %d by (%s) hits as hits", victoriaRange(q.records.from, to), topLimit, quote(field)), readLines("hits")),
	}
}

func (q *questioner) buckets() asked {
	from := q.records.from.Add(time.Duration(q.random.Int64N(int64(time.Minute))))
	return asked{
		"docket": {
			method: http.MethodPost, path: "count-ranges", contentType: "application/json",
			body: `{"query":{` + docketRange(from, q.records.to) + fmt.Sprintf(`,"targetBuckets":%d}}`, buckets),
			read: readDocketCounts("ranges", "count"),
		},
		"victorialogs": victoria("query", victoriaRange(from, q.records.to)+
			" | stats by (_time:"+rangesStep+") count() hits | sort by (_time)", readLines("hits")),
	}
}

func (q *questioner) sparkline() asked {
	from := q.records.from.Add(time.Duration(q.random.Int64N(int64(time.Minute))))
	return asked{
		"docket": {
			method: http.MethodPost, path: "sparkline", contentType: "application/json",
			body: `{"query":{` + docketRange(from, q.records.to) + `}}`, read: readSparkline,
		},
		"victorialogs": victoria("query", victoriaRange(from, q.records.to)+
			" | stats by (_time:"+sparklineStep+", severity_number) count() hits, sum_len(_msg) bytes", readVictoriaBuckets),
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
		method: http.MethodPost, path: "query", contentType: "application/json",
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

type docketRow struct{ UUID, Body string }

type docketRows struct{ Results []docketRow }

func readDocketPage(body []byte) (messages []string, err error) {
	var page docketRows
	err = json.Unmarshal(body, &page)
	for _, row := range page.Results {
		messages = append(messages, row.Body)
	}
	return messages, err
}

func readDocketCount(body []byte) ([]string, error) {
	var counted struct{ Count *int64 }
	if err := json.Unmarshal(body, &counted); err != nil || counted.Count == nil {
		return nil, errors.Join(errors.New("there is no count"), err)
	}
	return []string{strconv.FormatInt(*counted.Count, 10)}, nil
}

// readDocketCounts reads one member of each object of a list.
func readDocketCounts(list, member string) func([]byte) ([]string, error) {
	return func(body []byte) (counts []string, err error) {
		var answer map[string]json.RawMessage
		if err = json.Unmarshal(body, &answer); err != nil {
			return nil, err
		}
		var elements []map[string]any
		decoder := json.NewDecoder(bytes.NewReader(answer[list]))
		decoder.UseNumber()
		err = decoder.Decode(&elements)
		for _, element := range elements {
			counts = append(counts, fmt.Sprint(element[member]))
		}
		return counts, err
	}
}

// readLines reads one member of each line's object.
func readLines(member string) func([]byte) ([]string, error) {
	return func(body []byte) (texts []string, err error) {
		for line := range strings.Lines(string(body)) {
			var object map[string]string
			if err = json.Unmarshal([]byte(line), &object); err != nil {
				return nil, err
			}
			texts = append(texts, object[member])
		}
		return texts, nil
	}
}

// bucketFact is what two sparklines have in common, whatever they are divided by.
type bucketFact struct {
	at    time.Time
	count int64
	bytes int64
}

func readSparkline(body []byte) ([]string, error) {
	var rows []struct {
		Time  time.Time
		Count int64
		Bytes int64 `json:"bytes_uncompressed"`
	}
	if err := json.Unmarshal(body, &rows); err != nil {
		return nil, err
	}
	found := make([]bucketFact, len(rows))
	for i, row := range rows {
		found[i] = bucketFact{row.Time, row.Count, row.Bytes}
	}
	return sumBuckets(found), nil
}

func readVictoriaBuckets(body []byte) ([]string, error) {
	var found []bucketFact
	for line := range strings.Lines(string(body)) {
		var row struct {
			Time  time.Time `json:"_time"`
			Hits  int64     `json:"hits,string"`
			Bytes int64     `json:"bytes,string"`
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			return nil, err
		}
		found = append(found, bucketFact{row.Time, row.Hits, row.Bytes})
	}
	return sumBuckets(found), nil
}

// sumBuckets adds what is of the same time, and leaves out what is nothing.
func sumBuckets(found []bucketFact) (facts []string) {
	sums := map[int64]bucketFact{}
	for _, one := range found {
		key := one.at.UnixNano()
		sums[key] = bucketFact{one.at, sums[key].count + one.count, sums[key].bytes + one.bytes}
	}
	for _, sum := range sums {
		if sum.count > 0 {
			facts = append(facts, fmt.Sprintf("%s %d records %d bytes", sum.at.UTC().Format(wholeTime), sum.count, sum.bytes))
		}
	}
	slices.Sort(facts)
	return facts
}
