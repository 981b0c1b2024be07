package bench

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
)

const (
	corpusRecords, shortCorpusRecords = 1_000_000, 50_000
	corpusSpan                        = 7 * 24 * time.Hour
	corpusBatch                       = 1000
	// sampleEvery is how far apart the records are that questions look for.
	sampleEvery = 997

	services, users, addresses = 30, 5000, 1000
)

// corpus is the records that searches look through: a week of logs up to a moment
// ago, in the order of time, no two at the same. There are 8 severities, few of them
// grave, 30 services, messages of some 200 bytes made of templates with random ids, and
// 8 attributes, one of them unique.
type corpus struct {
	// from and to are the times of the first record, or before, and the last.
	from, to time.Time
	records  int
	// requests are the bodies of OTLP/HTTP requests, each of corpusBatch records.
	requests [][]byte
	// samples are some of the records.
	samples []recordSample
}

// recordSample is what questions need to know of a record.
type recordSample struct {
	at            time.Time
	order         string
	user, address string
}

// newCorpus makes the same records for the same number of them, but for their times.
func newCorpus(b *testing.B, records int) *corpus {
	b.Helper()
	random := rand.New(rand.NewPCG(3, 4))
	to := time.Now().UTC().Add(-time.Minute).Truncate(time.Second)
	made := &corpus{from: to.Add(-corpusSpan), to: to, records: records}
	step := corpusSpan / time.Duration(records)
	for first := 0; first < records; first += corpusBatch {
		logs := plog.NewLogs()
		byService := make([]plog.LogRecordSlice, services)
		for i := first; i < first+corpusBatch; i++ {
			at := made.from.Add(time.Duration(i)*step + time.Duration(random.Int64N(int64(step))))
			service := random.IntN(services)
			if byService[service] == (plog.LogRecordSlice{}) {
				byService[service] = addService(logs, service)
			}
			sample := fill(byService[service].AppendEmpty(), random, at)
			if i%sampleEvery == 0 {
				made.samples = append(made.samples, sample)
			}
		}
		request, err := plogotlp.NewExportRequestFromLogs(logs).MarshalProto()
		if err != nil {
			b.Fatalf("encode records: %v", err)
		}
		made.requests = append(made.requests, request)
	}
	return made
}

func serviceName(service int) string { return fmt.Sprintf("service-%d", service) }

func addService(logs plog.Logs, service int) plog.LogRecordSlice {
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", serviceName(service))
	resource.Resource().Attributes().PutStr(streamField, "production")
	return resource.ScopeLogs().AppendEmpty().LogRecords()
}

func fill(r plog.LogRecord, random *rand.Rand, at time.Time) recordSample {
	sample := recordSample{
		at:      at,
		order:   fmt.Sprintf("order-%016x%016x", random.Uint64(), random.Uint64()),
		user:    fmt.Sprintf("user-%d", random.IntN(users)),
		address: fmt.Sprintf("10.0.%d.%d", random.IntN(4), random.IntN(addresses/4)),
	}
	status, took := 200+random.IntN(5), random.IntN(500)
	r.SetTimestamp(pcommon.NewTimestampFromTime(at))
	r.SetObservedTimestamp(pcommon.NewTimestampFromTime(at.Add(time.Millisecond)))
	severity := severities()[random.IntN(len(severities()))]
	r.SetSeverityNumber(severity)
	r.SetSeverityText(severity.String())
	action := []string{"created", "changed", "removed", "looked at"}[random.IntN(4)]
	r.Body().SetStr(fmt.Sprintf("The %s %s the order %016x of customer %d from the session %016x; the request took %d ms "+
		"and returned status %d. Nothing else of note happened while replica %d served it.",
		sample.user, action, random.Uint64(), random.IntN(900), random.Uint64(), took, status, random.IntN(12)))
	attributes := r.Attributes()
	attributes.PutStr("order.id", sample.order)
	attributes.PutStr("user.id", sample.user)
	attributes.PutStr("client.address", sample.address)
	attributes.PutStr("http.request.method", []string{"GET", "POST", "PUT", "DELETE"}[random.IntN(4)])
	attributes.PutInt("http.response.status_code", int64(status))
	attributes.PutStr("http.route", fmt.Sprintf("/api/v1/route-%d", random.IntN(20)))
	attributes.PutStr("cloud.region", fmt.Sprintf("region-%d", random.IntN(5)))
	attributes.PutDouble("duration", float64(took)+0.5)
	return sample
}

// severities has each severity as often as it is among 20 records.
func severities() []plog.SeverityNumber {
	return []plog.SeverityNumber{
		plog.SeverityNumberTrace, plog.SeverityNumberDebug, plog.SeverityNumberDebug, plog.SeverityNumberDebug,
		plog.SeverityNumberInfo, plog.SeverityNumberInfo, plog.SeverityNumberInfo, plog.SeverityNumberInfo,
		plog.SeverityNumberInfo, plog.SeverityNumberInfo, plog.SeverityNumberInfo, plog.SeverityNumberInfo,
		plog.SeverityNumberInfo2, plog.SeverityNumberInfo2, plog.SeverityNumberWarn, plog.SeverityNumberWarn,
		plog.SeverityNumberWarn, plog.SeverityNumberError, plog.SeverityNumberError2, plog.SeverityNumberFatal,
	}
}
