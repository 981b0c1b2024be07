package bench

import (
	"fmt"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

const (
	corpusRecords, shortCorpusRecords = 1_000_000, 50_000
	// clusterCorpusRecords are for a Docket that keeps them in a cluster, hugeCorpusRecords
	// for how cost grows.
	clusterCorpusRecords, hugeCorpusRecords = 100_000, 10_000_000
	corpusSpan                              = 7 * 24 * time.Hour
	corpusBatch                             = 1000
	// The records that questions look for are sampledOfBatch of each of sampledBatches.
	sampledBatches, sampledOfBatch = 50, 20

	services, users, addresses = 30, 5000, 1000
)

// corpus is the records that searches look through: a week of logs up to a moment
// ago, in the order of time, no two at the same. There are 8 severities, few of them
// grave, 30 services, messages of some 200 bytes made of templates with random ids, and
// 8 attributes, one of them unique. They are made when they are sent, as often as that is,
// and are the same each time.
type corpus struct {
	// from and to are the times of the first record, or before, and the last.
	from, to time.Time
	records  int
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
func newCorpus(records int) *corpus {
	to := time.Now().UTC().Add(-time.Minute).Truncate(time.Second)
	made := &corpus{from: to.Add(-corpusSpan), to: to, records: records}
	for place := range sampledBatches {
		_, samples := made.batch(place * made.batches() / sampledBatches)
		for i := 0; i < len(samples); i += corpusBatch / sampledOfBatch {
			made.samples = append(made.samples, samples[i])
		}
	}
	return made
}

// batches is how many requests the corpus is sent in.
func (c *corpus) batches() int { return c.records / corpusBatch }

// batch is the records of one request, and what is to be known of each.
func (c *corpus) batch(number int) (plog.Logs, []recordSample) {
	random := rand.New(rand.NewPCG(3, uint64(number))) //nolint:gosec // it is not negative
	step := corpusSpan / time.Duration(c.records)
	return newLogs(random, corpusBatch, func(i int) pcommon.Timestamp {
		at := c.from.Add(time.Duration(number*corpusBatch+i)*step + time.Duration(random.Int64N(int64(step))))
		return pcommon.NewTimestampFromTime(at)
	})
}

// newLogs makes records of all services.
func newLogs(random *rand.Rand, records int, at func(i int) pcommon.Timestamp) (logs plog.Logs, samples []recordSample) {
	logs = plog.NewLogs()
	byService := make([]plog.LogRecordSlice, services)
	for i := range records {
		service := random.IntN(services)
		if byService[service] == (plog.LogRecordSlice{}) {
			byService[service] = addService(logs, service)
		}
		samples = append(samples, fill(byService[service].AppendEmpty(), random, at(i)))
	}
	return logs, samples
}

func serviceName(service int) string { return fmt.Sprintf("service-%d", service) }

func addService(logs plog.Logs, service int) plog.LogRecordSlice {
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", serviceName(service))
	resource.Resource().Attributes().PutStr(streamField, "production")
	return resource.ScopeLogs().AppendEmpty().LogRecords()
}

func fill(r plog.LogRecord, random *rand.Rand, at pcommon.Timestamp) recordSample {
	sample := recordSample{
		at:      at.AsTime(),
		order:   fmt.Sprintf("order-%016x%016x", random.Uint64(), random.Uint64()),
		user:    fmt.Sprintf("user-%d", random.IntN(users)),
		address: fmt.Sprintf("10.0.%d.%d", random.IntN(4), random.IntN(addresses/4)),
	}
	status, took := 200+random.IntN(5), random.IntN(500)
	r.SetTimestamp(at)
	r.SetObservedTimestamp(at)
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
