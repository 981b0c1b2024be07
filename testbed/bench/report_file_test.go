package bench

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// reportVariable names a file that the results are appended to, as Markdown; `make bench`
// makes docs/benchmarks.md so.
const reportVariable = "DOCKET_BENCH_REPORT"

// report prints a benchmark's result for people, and puts it into the report. (A
// benchmark's log shows no more than ten lines.)
func report(b *testing.B, text string) {
	b.Helper()
	text = strings.TrimRight(text, "\n")
	fmt.Println("\n" + text)
	path := os.Getenv(reportVariable)
	if path == "" {
		return
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // whoever runs the benchmark names the file
	if err != nil {
		b.Fatalf("open the report: %v", err)
	}
	_, err = fmt.Fprintf(file, "\n## %s\n\n```\n%s\n```\n", strings.TrimPrefix(b.Name(), "Benchmark"), text)
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		b.Fatalf("write the report: %v", err)
	}
}
