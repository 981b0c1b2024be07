package embedded_test

import (
	"os"
	"testing"

	"github.com/docketlog/docket/internal/logstore/logstoretest"
)

// isLong reports whether tests that have a long form are to run it.
func isLong() bool { return os.Getenv("DOCKET_TEST_LONG") != "" }

// The long form asks 20,400 random questions about random records.
func TestConformance(t *testing.T) {
	options := logstoretest.Options{Rounds: 2, Questions: 15}
	if isLong() {
		options = logstoretest.Options{Rounds: 34, Questions: 100}
	}
	logstoretest.Conformance(t, options, func(t *testing.T) logstoretest.Backend {
		t.Helper()
		return open(t, t.TempDir())
	})
}
