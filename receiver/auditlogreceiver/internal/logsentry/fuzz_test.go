package logsentry

import (
	"testing"

	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/formattest"
)

func FuzzDecode(f *testing.F) {
	formattest.FuzzDecode(f, Format{},
		`{"project":1,"level":4,"msg":"m","context":{"a":[1]},"user":"[]","request":"{\"a\":1}"}`,
		`{"msg":"System is unusable","app":"Laravel","level":0,"context":"[]"}`,
		`{"level":"error","message":"disk full"}`, `{"msg":"m","level":30}`, `{"msg":"m","context":"{\"a\":\"\\u0000\"}"}`,
	)
}
