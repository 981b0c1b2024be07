package jsondoc

import (
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

const body400 = `{"project":1,"level":4,"msg":"Order paid late: the payment provider answered after the deadline","context":{"order":{"id":42,"amount":129.95,"currency":"NOK","items":["a-1","b-2"]},"tags":["late","payment"],"retry":false},"user":{"id":17,"name":"Åse Nordmann","email":"ase@example.com","roles":["admin","billing"]},"request":{"method":"POST","path":"/orders/42/pay","ip":"192.0.2.10","id":"5f2b9c"}}`

func BenchmarkReader(b *testing.B) {
	var reader Reader
	b.ReportAllocs()
	b.SetBytes(int64(len(body400)))
	for b.Loop() {
		reader.Reset([]byte(body400), Limits{Depth: 32, Attributes: 1024})
		destination := pcommon.NewMap()
		if err := reader.Members(destination, ""); err != nil {
			b.Fatal(err)
		}
	}
}
