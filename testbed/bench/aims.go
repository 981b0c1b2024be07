package bench

import (
	"fmt"
	"strconv"
	"strings"
)

// Met is the verdict on an aim that is reached.
const (
	Met    = "MET"
	notMet = "NOT MET"
)

// Aim is what a ratio, or another number, should be.
type Aim struct {
	// Name is by what benchmarks know it.
	Name string
	// Text says what is measured.
	Text string
	// Wanted is the least that it should be or, with IsMost, the most.
	Wanted float64
	IsMost bool
	// Unit follows the numbers; "" for ratios.
	Unit string
	// Why is the reason when it is not met; "" if there is none to be named.
	Why string
}

// Reasons that several aims share.
const (
	whyBare = "Beside what the other does, Docket checks the key, gives the record an id and a hash over its canonical form, writes it to the journal, " +
		"waits for an fsync, and makes it findable, on the same processors. docs/performance.md has the profile."
	whyBatches = "VictoriaLogs answers when the records are in its memory, and gives them neither an id nor a hash nor a journal's entry. " +
		"docs/performance.md has the profile."
)

// Aims are all aims, in the order of the report.
func Aims() []Aim {
	return []Aim{
		{Name: "single/bare", Text: "single records, 64 connections: Docket ÷ bare handler", Wanted: 0.7, Why: whyBare},
		{Name: "single/victorialogs", Text: "single records, 64 connections: Docket ÷ VictoriaLogs, JSON", Wanted: 2, Why: whyBare},
		{Name: "single/collector-nowhere", Text: "single records, 64 connections: Docket ÷ collector to nowhere", Wanted: 1.4, Why: whyBare},
		{
			Name: "single/collector-file", Text: "single records, 64 connections: Docket ÷ collector with a queue in files, no fsync", Wanted: 3.5,
			Why: "The aim was for the way into Elasticsearch, for which this stands, and on another machine; Docket fsyncs, this does not.",
		},
		{Name: "single/file_storage", Text: "single records, 64 connections: Docket ÷ collector with a queue in files, fsync", Wanted: 5, Why: whyBare},
		{Name: "ndjson-100/victorialogs", Text: "100 records of NDJSON a request: Docket ÷ VictoriaLogs", Wanted: 0.8, Why: whyBatches},
		{Name: "ndjson-1000/victorialogs", Text: "1,000 records of NDJSON a request: Docket ÷ VictoriaLogs", Wanted: 0.8, Why: whyBatches},
		{Name: "otlp-1000/victorialogs", Text: "1,000 records of OTLP a request: Docket ÷ VictoriaLogs", Wanted: 0.8, Why: whyBatches},
		{
			Name: "disk", Text: "bytes on disk of 1,000,000 records, without the journal: Docket ÷ VictoriaLogs", Wanted: 1.1, IsMost: true,
			Why: "Each record has a hash, of 32 random bytes, and an id, half of which is random; VictoriaLogs keeps neither. docs/search.md has the columns.",
		},
		{
			Name: "memory", Text: "most memory resident at full ingest, with 10,000,000 records stored", Wanted: 400, IsMost: true, Unit: "MiB",
			Why: "The engine maps its files, and what was read of them counts as resident until the kernel needs the room. The chapter says how much is Docket's own.",
		},
		{
			Name: "questions", Text: "share of the kinds of questions in 1,000,000 records in which Docket's median is at or under the best of the others", Wanted: 1,
			Why: "docs/performance.md goes through the others.",
		},
		{Name: "growth/newest 50", Text: "newest 50: 10,000,000 records ÷ 1,000,000", Wanted: 1.5, IsMost: true},
		{Name: "growth/by id", Text: "by id: 10,000,000 records ÷ 1,000,000", Wanted: 1.5, IsMost: true},
		{Name: "growth/cursor, 50", Text: "50 after a cursor: 10,000,000 records ÷ 1,000,000", Wanted: 1.5, IsMost: true},
		{Name: "beside-searches", Text: "share of ingest kept beside 4 clients that search without an index", Wanted: 0.5},
		{Name: "findable", Text: "longest time until an acknowledged record was found, beside searches", Wanted: 2, IsMost: true, Unit: "s"},
		{Name: "alerts/ingest", Text: "ingest with 10,000 alerts ÷ with 1", Wanted: 0.8},
		{Name: "alerts/check-embedded", Text: "processor time of one check of 10,000 alerts ÷ 10,000 counts, embedded", Wanted: 0.05, IsMost: true},
		{Name: "alerts/check-elasticsearch", Text: "processor time of one check of 10,000 alerts ÷ 10,000 counts, Elasticsearch", Wanted: 0.05, IsMost: true},
		{Name: "page/first-rows", Text: "web page: first rows", Wanted: 1000, IsMost: true, Unit: "ms"},
		{Name: "page/longest-frame-of-scrolling", Text: "web page: longest frame of scrolling", Wanted: 100, IsMost: true, Unit: "ms"},
		{Name: "page/longest-key-to-frame", Text: "web page: longest time from a key to what it shows", Wanted: 100, IsMost: true, Unit: "ms"},
	}
}

// FindAim returns the aim of a name.
func FindAim(name string) (Aim, bool) {
	for _, aim := range Aims() {
		if aim.Name == name {
			return aim, true
		}
	}
	return Aim{}, false
}

// Bound is the wanted number in words.
func (a Aim) Bound() string {
	bound := "at least "
	if a.IsMost {
		bound = "at most "
	}
	return bound + strings.TrimSpace(strconv.FormatFloat(a.Wanted, 'f', -1, 64)+" "+a.Unit)
}

// Verdict says plainly whether a number is as it should be.
func (a Aim) Verdict(measured float64) string {
	if a.IsMost && measured <= a.Wanted || !a.IsMost && measured >= a.Wanted {
		return Met
	}
	return notMet
}

// Number is a measured number as the report prints it: with more decimals, the smaller the
// aim is, so that what is printed agrees with the verdict.
func (a Aim) Number(measured float64) string {
	decimals := 3
	switch {
	case a.Wanted >= 100:
		decimals = 0
	case a.Wanted < 0.1:
		decimals = 5
	}
	return fmt.Sprintf("%.*f", decimals, measured)
}
