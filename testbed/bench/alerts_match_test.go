package bench

import (
	"bufio"
	"bytes"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/docketlog/docket/testbed/collector"
)

// BenchmarkMatch puts into the report what it takes to find out which of many alerts a
// record matches: the figures of the benchmark of internal/percolator, in which no record
// matches any.
func BenchmarkMatch(b *testing.B) {
	repeats, length := "5", "100ms"
	if testing.Short() {
		repeats, length = "3", "5ms"
	}
	for b.Loop() {
		command := exec.CommandContext(b.Context(), "go", "test", "-run", "^$", "-bench", "^BenchmarkMatch$", //nolint:gosec // nothing of it is anybody's
			"-count", repeats, "-benchtime", length, "./internal/percolator/")
		command.Dir = filepath.Clean(collector.ModuleRoot(b))
		printed, err := command.CombinedOutput()
		if err != nil {
			b.Fatalf("measure the matching of records: %v\n%s", err, printed)
		}
		b.ReportMetric(0, "ns/op")
		report(b, "Microseconds a record, medians (least-most) of "+repeats+" runs:\n\n"+matchTable(b, printed))
	}
}

// matchTable reads lines of Go's benchmarks of which the names end in a kind and a number
// of alerts.
func matchTable(b *testing.B, printed []byte) string {
	b.Helper()
	counts := []string{"1", "100", "10000"}
	times := map[string]map[string][]float64{}
	var kinds []string
	lines := bufio.NewScanner(bytes.NewReader(printed))
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) < 4 || words[3] != "ns/op" {
			continue
		}
		name, _, _ := strings.Cut(words[0], "-")
		parts := strings.Split(name, "/")
		took, err := strconv.ParseFloat(words[2], 64)
		if err != nil || len(parts) != 3 {
			b.Fatalf("read the figures of the matching of records: %q", lines.Text())
		}
		kind, count := parts[1], parts[2]
		if times[kind] == nil {
			times[kind] = map[string][]float64{}
			kinds = append(kinds, kind)
		}
		times[kind][count] = append(times[kind][count], took/1000)
	}
	table := newSheet("filters of", "1 alert", "100 alerts", "10,000 alerts")
	for _, kind := range kinds {
		row := []string{kind}
		for _, count := range counts {
			if times[kind][count] == nil {
				b.Fatalf("there are no figures of %s with %s alerts", kind, count)
			}
			row = append(row, newSpread(times[kind][count]).text(2))
		}
		table.add(row...)
	}
	if len(kinds) == 0 {
		b.Fatalf("there are no figures of the matching of records: %s", printed)
	}
	return table.text()
}
