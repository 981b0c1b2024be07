package bench

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/testbed/collector"
)

// logSentryMapping is an index for LogSentry records: text to be searched for the message,
// and keywords for all other texts.
const logSentryMapping = `{"settings":{"number_of_shards":1,"number_of_replicas":0},"mappings":{
	"dynamic_templates":[{"texts":{"match_mapping_type":"string","mapping":{"type":"keyword"}}}],
	"properties":{"@timestamp":{"type":"date"},"msg":{"type":"text"}}}}`

// BenchmarkIngestIntoElasticsearch measures Docket with its records in Elasticsearch beside
// Elasticsearch itself: single records beside a document a request, and batches beside
// _bulk. What each round brings is limited, as Docket answers sooner than Elasticsearch can
// index, and each round ends when all is found there. The processor time of Docket is
// together with that of Elasticsearch.
func BenchmarkIngestIntoElasticsearch(b *testing.B) {
	plan := newSchedule()
	single, batches := int64(3000), int64(6)
	if testing.Short() {
		single, batches = 500, 1
	}
	b.Run("single", func(b *testing.B) {
		measureCluster(b, plan, "Single records", aimConnections, single, singleRecord())
	})
	b.Run("batches", func(b *testing.B) {
		measureCluster(b, plan, "Requests of 1000", batchConnections, batches, manyLines(b, 1000))
	})
}

func measureCluster(b *testing.B, plan schedule, title string, connections int, requests int64, sent payload) {
	b.Helper()
	cluster := startCluster(b, elasticsearch.Elasticsearch)
	options := collector.InCluster(b, cluster.URL.String(), cluster.Prefix)
	options.AdminKey, options.DataDir = adminKey, filepath.Join(diskFolder(b), "data")
	server := processID(pidOf(b, cluster))
	docket := newDocketSubject("docket", collector.Start(b, options), sent)
	docket.beside = []process{server}
	list := []*subject{docket, newElasticSubject(b, cluster, server, sent)}
	for _, subject := range list {
		subject.load.AtMost = requests
	}
	time.Sleep(afterStart)
	for range 2 { // the server's compiler needs a while
		for _, subject := range list {
			subject.runToTheEnd(b, connections)
		}
	}
	measured := results{connections: connections, plan: plan, names: []string{"docket", "elasticsearch"}, samples: make([][]sample, len(list))}
	toTheEnd := make([][]float64, len(list))
	random := rand.New(rand.NewPCG(1, 2))
	for range plan.rounds {
		for _, i := range random.Perm(len(list)) {
			sample, rate := list[i].runToTheEnd(b, connections)
			measured.samples[i] = append(measured.samples[i], sample)
			toTheEnd[i] = append(toTheEnd[i], rate)
		}
	}
	measured.reportMetrics(b)
	ratios := make([]float64, plan.rounds)
	for round := range ratios {
		ratios[round] = toTheEnd[0][round] / toTheEnd[1][round]
	}
	report(b, fmt.Sprintf("### %s\n\n%d connections, medians (least-most) of %d rounds of %d records:\n\n%s\n"+
		"Until all of a round is found in Elasticsearch, the rates are %s records/s with Docket and %s without, Docket ÷ Elasticsearch %s. %s",
		title, connections, plan.rounds, requests*int64(sent.records), measured.table(),
		newSpread(toTheEnd[0]).text(0), newSpread(toTheEnd[1]).text(0), newSpread(ratios).text(2), awaitAll(b, list)))
}

// newElasticSubject is Elasticsearch without Docket.
func newElasticSubject(b *testing.B, cluster *elasticsearchtest.Process, server process, sent payload) *subject {
	b.Helper()
	if _, err := cluster.Client.Do(b.Context(), http.MethodPut, "/"+plainIndex, nil, []byte(logSentryMapping)); err != nil {
		b.Fatal(err)
	}
	documents, path := withTimes(sent), "/"+plainIndex+"/_doc?filter_path=result"
	if sent.records > 1 {
		for i, body := range documents.bodies {
			documents.bodies[i] = strings.ReplaceAll(body, `{"@timestamp"`, "{\"create\":{}}\n"+`{"@timestamp"`)
		}
		path = "/" + plainIndex + "/_bulk?filter_path=errors"
	}
	load := documents.load(cluster.URL.Host, path, "")
	load.Wanted = `{"result":"created"}`
	if sent.records > 1 {
		load.Wanted = `{"errors":false}`
	}
	return &subject{name: "elasticsearch", server: server, load: load, count: func(b *testing.B) int64 {
		b.Helper()
		if _, err := cluster.Client.Do(b.Context(), http.MethodPost, "/"+plainIndex+"/_refresh", nil, nil); err != nil {
			b.Fatal(err)
		}
		text, err := cluster.Client.Do(b.Context(), http.MethodGet, "/"+plainIndex+"/_count", nil, nil)
		if err != nil {
			b.Fatal(err)
		}
		var found struct{ Count int64 }
		if err := json.Unmarshal(text, &found); err != nil {
			b.Fatal(err)
		}
		return found.Count
	}}
}

// withTimes gives the records times, which Docket gives them itself.
func withTimes(sent payload) payload {
	timed := sent
	timed.bodies = nil
	for _, body := range sent.bodies {
		var records strings.Builder
		for line := range strings.Lines(body) {
			records.WriteString(`{"@timestamp":` + millisecondMark + `,` + line[1:])
		}
		timed.bodies = append(timed.bodies, records.String())
	}
	return timed
}

// runToTheEnd is run with a number of requests instead of a time. It also returns how many
// records a second were not only answered but found.
func (s *subject) runToTheEnd(b *testing.B, connections int) (measured sample, foundRate float64) {
	b.Helper()
	before, loadBefore, begin := s.usage(b), ownCPU(b), time.Now()
	result, err := s.load.Run(b.Context(), connections, settledWithin)
	if err != nil {
		b.Fatalf("%s: %v", s.name, err)
	}
	loadCPU, during := ownCPU(b)-loadBefore, s.usage(b)
	s.acknowledged += result.Records
	s.await(b)
	foundRate = float64(result.Records) / time.Since(begin).Seconds()
	return s.newSample(result, before, during, s.settle(b), loadCPU), foundRate
}
