package auditlogreceiver

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/framing"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/logsentry"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/metadata"
)

// benchmarkBody is a LogSentry entry of 400 bytes.
const benchmarkBody = `{"project":1,"level":4,"msg":"Order paid late: the payment provider answered after the deadline",` +
	`"context":{"order":{"id":42,"amount":129.95,"currency":"NOK","items":["a-1","b-2"]},"tags":["late","payment"],"retry":false},` +
	`"user":{"id":17,"name":"Åse Nordmann","email":"ase@example.com","roles":["admin","billing"]},` +
	`"request":{"method":"POST","path":"/orders/42/pay","ip":"192.0.2.10","id":"5f2b"}}`

// benchmarkSmall is an entry as LogSentry's client sends it, with 400 bytes.
var benchmarkSmall = `{"msg":"` + strings.Repeat("Order paid late. ", 19) + `","app":"Laravel","level":4,"context":"{\"id\":42}"}`

func newBenchmarkHandler(b *testing.B) *handler {
	b.Helper()
	h, err := newHandler(createDefaultConfig().(*Config), receivertest.NewNopSettings(metadata.Type), consumertest.NewNop())
	if err != nil {
		b.Fatal(err)
	}
	return h
}

// BenchmarkDecodeAndSeal is what the receiver does with one record.
func BenchmarkDecodeAndSeal(b *testing.B) {
	for name, body := range map[string]string{"nested": benchmarkBody, "flat": benchmarkSmall} {
		b.Run(name, func(b *testing.B) {
			h := newBenchmarkHandler(b)
			request := httptest.NewRequest(http.MethodPost, pathLogSentry, nil)
			parts := framing.Body{Records: [][]byte{[]byte(body)}}
			now := time.Now()
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				batch, problem := h.decode(b.Context(), request, logsentry.Format{}, nil, parts)
				if problem != nil {
					b.Fatal(problem)
				}
				batch.seal(now)
			}
		})
	}
}

// BenchmarkServeHTTP is a whole request without the network and confighttp.
func BenchmarkServeHTTP(b *testing.B) {
	h := newBenchmarkHandler(b)
	b.ReportAllocs()
	for b.Loop() {
		request := httptest.NewRequest(http.MethodPost, pathLogSentry, strings.NewReader(benchmarkBody))
		request.Header.Set("Content-Type", "application/json")
		response := httptest.NewRecorder()
		h.ServeHTTP(response, request)
		if response.Code != http.StatusOK {
			b.Fatal(response.Body)
		}
	}
}
