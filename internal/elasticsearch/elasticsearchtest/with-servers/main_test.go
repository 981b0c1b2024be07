package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest/server"
)

// TestRun has both servers already; that they are started when they are not there is what
// every test of elasticsearchtest.Start shows.
func TestRun(t *testing.T) {
	for _, product := range server.Products() {
		t.Setenv(server.Variable(product), "http://127.0.0.1:1/"+string(product))
	}
	written := filepath.Join(t.TempDir(), "written")
	t.Setenv("WRITTEN", written)
	err := run(t.Context(), []string{"sh", "-c", `echo $DOCKET_TEST_ELASTICSEARCH_URL $DOCKET_TEST_OPENSEARCH_URL >$WRITTEN; exit 3`})
	exit, ok := errors.AsType[*exec.ExitError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, 3, exit.ExitCode())
	content, err := os.ReadFile(written)
	require.NoError(t, err)
	require.Equal(t, "http://127.0.0.1:1/elasticsearch http://127.0.0.1:1/opensearch\n", string(content))

	require.NoError(t, run(t.Context(), []string{"true"}))
	require.Error(t, run(t.Context(), []string{"no-such-command"}))

	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begin := time.Now()
	require.Error(t, run(ctx, []string{"sleep", "60"}))
	require.Less(t, time.Since(begin), 30*time.Second)
}
