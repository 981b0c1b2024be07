package testbed

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/testbed/client"
)

// seed is a record that tests of searches find.
type seed struct {
	// after is how long after the first of them it was.
	after    time.Duration
	service  string
	pod      string
	severity plog.SeverityNumber
	body     string
	status   int64
}

// seeds are records of two services within five minutes; two have the same timestamp.
func seeds() []seed {
	return []seed{
		{0, "api", "a-1", plog.SeverityNumberInfo, "user 1 logged in", 200},
		{1 * time.Minute, "api", "a-1", plog.SeverityNumberInfo, "user 2 logged in", 200},
		{2 * time.Minute, "api", "a-2", plog.SeverityNumberError, "timeout after 30 ms", 500},
		{2 * time.Minute, "api", "a-2", plog.SeverityNumberError, "timeout after 45 ms", 500},
		{3 * time.Minute, "billing", "b-1", plog.SeverityNumberWarn, "card declined", 402},
		{4 * time.Minute, "billing", "b-1", plog.SeverityNumberFatal, "ledger is out of balance", 500},
	}
}

// storeSeeds stores the seeds, the first as of the given time, and returns when all are
// found.
func storeSeeds(t *testing.T, c *client.Client, first time.Time) {
	t.Helper()
	logs := plog.NewLogs()
	for _, s := range seeds() {
		resource := logs.ResourceLogs().AppendEmpty()
		resource.Resource().Attributes().PutStr("service.name", s.service)
		resource.Resource().Attributes().PutStr("k8s.pod.name", s.pod)
		record := resource.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		record.SetTimestamp(pcommon.NewTimestampFromTime(first.Add(s.after)))
		record.SetSeverityNumber(s.severity)
		record.Body().SetStr(s.body)
		record.Attributes().PutInt("http.status", s.status)
	}
	response, err := c.OTLPProtobuf(t.Context(), logs)
	require.NoError(t, err)
	require.Equal(t, 200, response.Status, "%s", response)
	find(t, c, nil, len(seeds()))
}
