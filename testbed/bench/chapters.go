package bench

// AimsFile has a line for each aim that was measured: its name, the median, the least and
// the most, with tabs in between. It is in the folder of results.
const AimsFile = "aims.tsv"

// Chapter is a part of the report: the results of one benchmark.
type Chapter struct {
	// Benchmark is the name of its function. Its results are in a file of this name with
	// the ending .md.
	Benchmark string
	Title     string
	// Text says what is measured, and what each of those promises that are measured.
	Text string
}

// Chapters are all parts of the report, in its order.
func Chapters() []Chapter {
	return []Chapter{
		{"BenchmarkIngestSingle", "One record a request", `Each request has one LogSentry record of 400 bytes, or the same as OTLP. Each connection sends its next request when the answer
to the last has come.

| | what it is | what its answer promises |
|---|---|---|
| docket | Docket as it is delivered | the record is on disk, after an fsync that requests share |
| docket-no-fsync | the same with its data folder in memory | nothing; it shows what the disk takes |
| bare | a handler that decodes JSON and answers | nothing |
| victorialogs | VictoriaLogs' own JSON endpoint | the record is in its memory; on disk within seconds, without an fsync for it |
| collector-nowhere | the collector, OTLP in, thrown away | nothing |
| collector-memory | the collector, OTLP in, a queue in memory, OTLP out to VictoriaLogs; both are counted | the record is in its memory |
| collector-file | the same with a queue in files, as by default without fsync | the record survives the process, not the machine |
| file_storage | the collector with Docket's receiver and a queue in files with fsync, to a server that keeps nothing | the record is on disk, after an fsync of its own |

collector-file stands for the collector's durable way into Elasticsearch too: the exporter for Elasticsearch is not among the
modules that this was built of, and what a client waits for, the queue, is the same.`},
		{"BenchmarkIngestBatches", "Many records a request", `The records are those of the chapter about questions. bare decodes JSON into a struct, and OTLP into what the collector has for it.`},
		{"BenchmarkIngestIntoElasticsearch", "Ingest into Elasticsearch", `Docket with its records in Elasticsearch answers when they are in its own journal, after an fsync, and brings them to
Elasticsearch afterwards. Elasticsearch itself answers when they are in its own journal, after an fsync (its default), and finds them after the
next refresh. Docket's documents have every attribute of a record searchable by any part of its text, the record itself, its id and
its hash; the plain ones have a field of its own for each attribute. The processor time of Docket is that of both together.`},
		{"BenchmarkSearch", "Questions", `A week of logs of 30 services, messages of some 200 bytes and 8 attributes. docket and victorialogs have the same engine, of the same version and
with the same memory. elasticsearch and opensearch have one index with a field for each thing, no replica, and a heap of 1 GiB. Their
loader shares the processors with them. Docket and VictoriaLogs find texts in any case, "same, VL with case" is asked of VictoriaLogs as a whole word
in its case, and Elasticsearch and OpenSearch are asked for whole words. All answers are compared, and are the same.`},
		{"BenchmarkGrowth", "From 1 to 10 million records", `Two Dockets, one of which has ten times as many records in the same week, are asked the same kinds of questions in turn. The
others are not filled with as many, which would take longer than a run may.`},
		{"BenchmarkSearchInElasticsearch", "Questions to Docket in Elasticsearch", `The same questions to a Docket that keeps its records in Elasticsearch, beside plain queries to the same server, in
**fewer records**, because Docket takes long to fill a cluster.`},
		{"BenchmarkIngestBesideSearches", "Ingest beside searches", `Clients search the whole week by a regular expression and by a text for which no index helps, as fast as they are answered.
Meanwhile records come in and are looked for until they are found, and somebody looks at the newest ones.`},
		{"BenchmarkMatch", "Alerts: which of them a record matches", `This is done for each record that comes in, by a part of Docket alone. No record matches.`},
		{"BenchmarkIngestWithAlerts", "Alerts: ingest", `A Docket with 10,000 alerts of different filters, of which each record matches one, beside one with a single alert.`},
		{"BenchmarkCheck", "Alerts: one check", `All 10,000 alerts are checked over the records of their last five minutes, each of which matches one, beside a query for each alert that counts its records.`},
		{"BenchmarkWebPage", "The web page", `In Chromium, with the records in a Docket on the same machine.`},
	}
}
