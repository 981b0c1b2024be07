package loghub

import (
	"testing"

	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/formattest"
)

func FuzzDecode(f *testing.F) {
	formattest.FuzzDecode(f, Format{},
		`{"actor":{"type":"user","data":{"name":"N","email":"E","internal_id":1}},"action":"a","metadata":{"level":"warn"},"tags":["t"],"external_id":1e2,"context":{"location":"l"}}`,
		`{"actor":{"description":"Cron"},"action":"a","metadata":[],"external_id":"1","context":[],"message":"m"}`,
		`{"actor":{"type":"system"}}`, `{"user.id":1}`,
	)
}
