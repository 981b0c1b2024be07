package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/bench"
)

// The report has what each benchmark has left, and says of each aim whether it is reached.
func TestReportHasAllResults(t *testing.T) {
	folder := t.TempDir()
	for _, chapter := range bench.Chapters() {
		require.NoError(t, os.WriteFile(filepath.Join(folder, chapter.Benchmark+".md"), []byte("\nresults of "+chapter.Benchmark+"\n"), 0o600))
	}
	reached := "single/bare\t0.61\t0.6\t0.8\ndisk\t1.05\t1.05\t1.05\nmemory\t401.6\t401.6\t401.6\n"
	require.NoError(t, os.WriteFile(filepath.Join(folder, bench.AimsFile), []byte(reached), 0o600))
	report, err := newReport(folder)
	require.NoError(t, err)
	assert.Contains(t, report, "| at least 0.7 | 0.610 (0.600-0.800) | NOT MET |\n")
	assert.Contains(t, report, "\nNot met: single records, 64 connections: Docket ÷ bare handler. Beside")
	assert.Contains(t, report, "| at most 1.1 | 1.050 | MET |\n")
	assert.Contains(t, report, "| at most 400 MiB | 402 | NOT MET |\n")
	assert.Contains(t, report, "| at most 0.05 | | not measured |\n")
	for _, chapter := range bench.Chapters() {
		assert.Contains(t, report, "\n## "+chapter.Title+"\n")
		assert.Contains(t, report, "\nresults of "+chapter.Benchmark+"\n")
	}
}

// Nothing is left out of a report without a word.
func TestReportNeedsTheResultsOfAllBenchmarks(t *testing.T) {
	folder := t.TempDir()
	_, err := newReport(folder)
	require.ErrorContains(t, err, "read what was reached")
	require.NoError(t, os.WriteFile(filepath.Join(folder, bench.AimsFile), nil, 0o600))
	_, err = newReport(folder)
	require.ErrorContains(t, err, "read the results of BenchmarkIngestSingle")
	require.NoError(t, os.WriteFile(filepath.Join(folder, bench.AimsFile), []byte("single/bare\t0.71\n"), 0o600))
	_, err = newReport(folder)
	assert.ErrorContains(t, err, "no line of")
}
