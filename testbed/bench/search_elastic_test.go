package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
)

const (
	// clusterJava is what servers get that are measured: their own compiler, and a heap
	// that is more than Docket may take.
	clusterJava = "-Xms1g -Xmx1g"
	// plainIndex has the corpus as somebody would keep it who has no Docket.
	plainIndex = "plain"
	// plainMapping is one field for each thing, of the type that suits it best, and nothing
	// is found out by the server. The length of a message is the loader's work.
	plainMapping = `{"settings":{"number_of_shards":1,"number_of_replicas":0},"mappings":{"dynamic":"strict","properties":{
		"@timestamp":{"type":"date_nanos"},"message":{"type":"text"},"bytes":{"type":"integer"},
		"severity_number":{"type":"byte"},"severity":{"type":"keyword"},"service.name":{"type":"keyword"},
		"deployment.environment.name":{"type":"keyword"},"order.id":{"type":"keyword"},"user.id":{"type":"keyword"},
		"client.address":{"type":"keyword"},"http.request.method":{"type":"keyword"},"http.response.status_code":{"type":"integer"},
		"http.route":{"type":"keyword"},"cloud.region":{"type":"keyword"},"duration":{"type":"double"}}}}`
)

func startCluster(b *testing.B, product elasticsearch.Name) *elasticsearchtest.Process {
	b.Helper()
	return elasticsearchtest.Start(b, product, "", elasticsearchtest.Options{Java: clusterJava})
}

// newPlainIndex is a cluster that is filled and asked without Docket.
func newPlainIndex(b *testing.B, cluster *elasticsearchtest.Process, name string) *searched {
	b.Helper()
	if _, err := cluster.Client.Do(b.Context(), http.MethodPut, "/"+plainIndex, nil, []byte(plainMapping)); err != nil {
		b.Fatal(err)
	}
	index := cluster.URL.String() + "/" + plainIndex + "/"
	return &searched{
		name: name, process: processID(pidOf(b, cluster)), client: newHTTPClient(b), encode: bulkRequest,
		load: index + "_bulk?filter_path=errors", api: index,
		size: func(b *testing.B) int64 { b.Helper(); return indexSize(b, cluster, plainIndex) },
	}
}

// indexSize is how many bytes indices take on disk, without the journal of the cluster.
func indexSize(b *testing.B, cluster *elasticsearchtest.Process, names string) int64 {
	b.Helper()
	text, err := cluster.Client.Do(b.Context(), http.MethodGet, "/"+names+"/_stats/store", nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	var found struct {
		All struct {
			Total struct {
				Store struct {
					Bytes int64 `json:"size_in_bytes"`
				} `json:"store"`
			} `json:"total"`
		} `json:"_all"`
	}
	if err := json.Unmarshal(text, &found); err != nil {
		b.Fatal(err)
	}
	return found.All.Total.Store.Bytes
}

// bulkRequest is records as documents of plainMapping.
func bulkRequest(logs plog.Logs) (request, error) {
	var body strings.Builder
	for _, resource := range logs.ResourceLogs().All() {
		for _, r := range resource.ScopeLogs().At(0).LogRecords().All() {
			document := r.Attributes().AsRaw()
			for name, value := range resource.Resource().Attributes().AsRaw() {
				document[name] = value
			}
			document["@timestamp"] = r.Timestamp().AsTime().Format(wholeTime)
			document["message"], document["bytes"] = r.Body().Str(), len(r.Body().Str())
			document["severity_number"], document["severity"] = int(r.SeverityNumber()), r.SeverityText()
			line, err := json.Marshal(document)
			if err != nil {
				return request{}, fmt.Errorf("encode a document: %w", err)
			}
			body.WriteString("{\"create\":{}}\n" + string(line) + "\n")
		}
	}
	return request{method: http.MethodPost, body: body.String(), contentType: linesType, read: readBulk}, nil
}

func readBulk(body []byte) ([]string, error) {
	if string(body) != `{"errors":false}` {
		return nil, fmt.Errorf("not all documents were taken: %.300s", body)
	}
	return nil, nil
}

// elasticFilter is a range and a condition, with which nothing is scored.
func elasticFilter(from, to time.Time, of condition) string {
	clauses := fmt.Sprintf(`{"range":{"@timestamp":{"gte":%q,"lte":%q}}}`, from.UTC().Format(wholeTime), to.UTC().Format(wholeTime))
	if of.elastic != "" {
		clauses += "," + of.elastic
	}
	return `"query":{"bool":{"filter":[` + clauses + `]}}`
}

// elasticPage asks for the newest records, with members after a comma.
func elasticPage(filter, members string) request {
	return request{
		method: http.MethodPost, path: "_search", contentType: jsonType, read: readElasticPage,
		body: fmt.Sprintf(`{%s,"size":%d,"track_total_hits":false,`+
			`"sort":[{"@timestamp":"desc"}]%s}`, filter, pageLimit, members),
	}
}

func elasticCount(filter string) request {
	return request{method: http.MethodPost, path: "_count", contentType: jsonType, body: "{" + filter + "}", read: readDocketCount}
}

// elasticAggregation asks for one aggregation, and for no records.
func elasticAggregation(filter, aggregation string, read func([]byte) ([]string, error)) request {
	return request{
		method: http.MethodPost, path: "_search", contentType: jsonType, read: read,
		body: "{" + filter + `,"size":0,"track_total_hits":false,"aggs":{"found":` + aggregation + "}}",
	}
}

// elasticHistogram is buckets of time that have records, with members after a comma.
func elasticHistogram(step, members string) string {
	return fmt.Sprintf(`{"date_histogram":{"field":"@timestamp","fixed_interval":%q,"min_doc_count":1}%s}`, step, members)
}

func readElasticPage(body []byte) (messages []string, err error) {
	var page struct {
		Hits struct {
			Hits []struct {
				Source struct{ Message string } `json:"_source"`
			}
		}
	}
	err = json.Unmarshal(body, &page)
	for _, hit := range page.Hits.Hits {
		messages = append(messages, hit.Source.Message)
	}
	return messages, err
}

// elasticBuckets is the answer of elasticAggregation.
type elasticBuckets struct {
	Aggregations *struct {
		Found struct {
			Buckets []struct {
				Key    any
				Count  int64 `json:"doc_count"`
				Levels struct {
					Buckets []struct{ Bytes struct{ Value float64 } }
				}
			}
		}
	}
}

func readElastic(body []byte) (answer elasticBuckets, err error) {
	if err = json.Unmarshal(body, &answer); err == nil && answer.Aggregations == nil {
		err = errors.New("there is no aggregation")
	}
	return answer, err
}

func readElasticCounts(body []byte) (counts []string, err error) {
	answer, err := readElastic(body)
	if err != nil {
		return nil, err
	}
	for _, bucket := range answer.Aggregations.Found.Buckets {
		counts = append(counts, strconv.FormatInt(bucket.Count, 10))
	}
	return counts, nil
}

func readElasticBuckets(body []byte) ([]string, error) {
	answer, err := readElastic(body)
	if err != nil {
		return nil, err
	}
	var found []bucketFact
	for _, bucket := range answer.Aggregations.Found.Buckets {
		at, _ := bucket.Key.(float64)
		fact := bucketFact{at: time.UnixMilli(int64(at)), count: bucket.Count}
		for _, level := range bucket.Levels.Buckets {
			fact.bytes += int64(level.Bytes.Value)
		}
		found = append(found, fact)
	}
	return sumBuckets(found), nil
}
