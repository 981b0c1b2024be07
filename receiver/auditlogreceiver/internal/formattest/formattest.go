// Package formattest holds what every wire format's decoder is tested for.
package formattest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/intake"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/jsondoc"
)

// Decoder is the part of a format that reads a record.
type Decoder interface {
	Decode(document *jsondoc.Reader, log plog.LogRecord) (intake.Origin, error)
}

// FuzzDecode checks that whatever is decoded is a complete record that can be
// sealed, and that whatever is not has a problem to tell.
func FuzzDecode(f *testing.F, format Decoder, seeds ...string) {
	f.Helper()
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var document jsondoc.Reader
		document.Reset(data, jsondoc.Limits{Depth: 32, Attributes: 64})
		r := record.New()
		_, err := format.Decode(&document, r.Log)
		if err != nil {
			problem := intake.ProblemOf(err)
			require.Equal(t, 400, problem.Status)
			require.NotEmpty(t, problem.Message)
			return
		}
		require.NotEmpty(t, strings.TrimSpace(r.Log.Body().Str()))
		require.NotEqual(t, plog.SeverityNumberUnspecified, r.Log.SeverityNumber())
		require.NotEmpty(t, r.Log.SeverityText())
		checkUnique(t, r.Log.Attributes())
		record.Seal(r, time.Now())
		require.True(t, record.Verify(r))
	})
}

func checkUnique(t *testing.T, attributes pcommon.Map) {
	t.Helper()
	seen := map[string]bool{}
	for name := range attributes.All() {
		require.NotEmpty(t, name)
		require.False(t, seen[name], "%q is there twice", name)
		seen[name] = true
	}
}
