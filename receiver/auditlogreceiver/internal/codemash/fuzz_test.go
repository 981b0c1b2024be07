package codemash

import (
	"testing"

	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/formattest"
)

func FuzzDecode(f *testing.F) {
	formattest.FuzzDecode(f, Format{},
		`{"message":"m","items":{"k":"v"},"level":"Warning"}`, `{"Message":"m","Level":null,"Items":null}`,
		`{"resourceLogs":[{}]}`, `{"message":"m","MESSAGE":"m"}`, `{"message":"m","docket.source":"x","":0}`,
	)
}
