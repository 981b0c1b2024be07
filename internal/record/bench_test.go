package record_test

import (
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
)

// typicalRecord has 12 log attributes, a body of 100 bytes and a service.
func typicalRecord() record.Record {
	r := record.New()
	r.Resource.Attributes().PutStr(record.AttributeServiceName, "billing")
	r.Resource.Attributes().PutInt(record.AttributeProjectID, 1)
	r.Log.SetTimestamp(1767225600123456789)
	r.Log.SetObservedTimestamp(1767225600200000000)
	r.Log.SetSeverityNumber(plog.SeverityNumberInfo)
	r.Log.SetSeverityText("Informational")
	r.Log.Body().SetStr("invoice 2026-0042 of customer 17 was sent again to ada@example.com because the first mail bounced off")
	attributes := r.Log.Attributes()
	attributes.PutStr(record.AttributeSource, record.SourceLogSentry)
	attributes.PutStr(record.AttributeUserID, "17")
	attributes.PutStr(record.AttributeUserName, "Ada Lovelace")
	attributes.PutStr(record.AttributeUserEmail, "ada@example.com")
	attributes.PutStr(record.AttributeClientAddress, "203.0.113.7")
	attributes.PutStr(record.AttributeUserAgent, "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	attributes.PutStr("request.method", "POST")
	attributes.PutStr("request.path", "/invoices/2026-0042/send")
	attributes.PutInt("request.status", 202)
	attributes.PutDouble("request.seconds", 0.125)
	attributes.PutBool("context.retry", true)
	attributes.PutStr(record.AttributeID, "019b76da-a800-7000-8000-000000000001")
	return r
}

func BenchmarkAppendCanonical(b *testing.B) {
	r := typicalRecord()
	var canonical []byte
	b.ReportAllocs()
	for b.Loop() {
		canonical = record.AppendCanonical(canonical[:0], r)
	}
	b.ReportMetric(float64(len(canonical)), "bytes/record")
}

func BenchmarkSeal(b *testing.B) {
	r := typicalRecord()
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		r.Log.Attributes().Remove(record.AttributeID)
		r.Log.Attributes().Remove(record.AttributeHash)
		record.Seal(r, now)
	}
}

// BenchmarkSealer seals as one of many records of the same service.
func BenchmarkSealer(b *testing.B) {
	r := typicalRecord()
	sealer := record.NewSealer(time.Now(), 1000)
	b.ReportAllocs()
	for b.Loop() {
		r.Log.Attributes().Remove(record.AttributeID)
		r.Log.Attributes().Remove(record.AttributeHash)
		sealer.Seal(r)
	}
}

func BenchmarkVerify(b *testing.B) {
	r := typicalRecord()
	record.Seal(r, time.Now())
	b.ReportAllocs()
	for b.Loop() {
		if !record.Verify(r) {
			b.Fatal("not sealed")
		}
	}
}

// BenchmarkConfirm is what stands for Verify where a witness goes along.
func BenchmarkConfirm(b *testing.B) {
	r := typicalRecord()
	record.Seal(r, time.Now())
	witness := record.NewWitness(1)
	witness.See(r)
	b.ReportAllocs()
	for b.Loop() {
		if !witness.Confirms(0, r) {
			b.Fatal("not the same")
		}
	}
}
