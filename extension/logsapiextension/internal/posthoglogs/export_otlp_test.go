package posthoglogs

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
)

// Each line is a request with whole records, in their order, and no line is too long.
func TestOTLPWriter(t *testing.T) {
	var written bytes.Buffer
	w := newOTLPWriter(&written)
	require.NoError(t, w.begin())
	const count = 2*maxLineRecords + 1
	for n := range count {
		r := record.New()
		r.Resource.Attributes().PutInt(record.AttributeProjectID, 1)
		r.Scope.SetName("scope")
		r.Log.Body().SetStr(fmt.Sprint(n))
		if n == 7 {
			r.Log.Attributes().PutStr("large", strings.Repeat("x", maxLineBytes))
		}
		require.NoError(t, w.write(r))
	}
	require.NoError(t, w.end())
	require.NoError(t, w.end(), "nothing waits any more")

	var bodies []string
	lines := strings.Split(strings.TrimSuffix(written.String(), "\n"), "\n")
	assert.Equal(t, 4, len(lines), "what comes before the large one, that one, a full line and the rest") //nolint:testifylint // lines are long
	for _, line := range lines {
		logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs([]byte(line))
		require.NoError(t, err)
		assert.LessOrEqual(t, logs.LogRecordCount(), maxLineRecords)
		for r := range record.All(logs) {
			assert.EqualValues(t, 1, r.ProjectID())
			assert.Equal(t, "scope", r.Scope.Name())
			bodies = append(bodies, r.Log.Body().Str())
		}
	}
	require.Len(t, bodies, count)
	for n, body := range bodies {
		require.Equal(t, fmt.Sprint(n), body)
	}
}
