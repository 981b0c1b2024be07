// The machine command prints docs/benchmarks.md from a folder of results: what was measured
// on which machine, how to measure it again, what was aimed at and reached, and all results.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest/server"
	"github.com/docketlog/docket/testbed/bench"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: machine FOLDER")
		os.Exit(2)
	}
	report, err := newReport(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "machine:", err)
		os.Exit(1)
	}
	fmt.Print(report)
}

// newReport makes the report of the results in a folder.
func newReport(folder string) (string, error) {
	aims, err := aims(folder)
	if err != nil {
		return "", err
	}
	chapters, err := chapters(folder)
	if err != nil {
		return "", err
	}
	return head() + aims + chapters, nil
}

func head() string {
	return fmt.Sprintf(`# Benchmarks

Written by %s, which takes about half an hour. Each benchmark measures Docket beside others that do a part of
the same work, or the same work in another way, under the same load, in rounds that alternate in random order. The load comes from
the same machine. So believe the ratios; the figures themselves are those of this machine.

| | |
|---|---|
| measured | %s, commit %s |
| machine | %d processors, %s, %s of memory, Linux %s |
| Go | %s |
| engine | VictoriaLogs %s, alone and inside Docket |
| collector | OpenTelemetry Collector %s |
| clusters | %s, %s; %s |
`,
		"`make bench`", time.Now().UTC().Format(time.DateOnly), run("git", "describe", "--always", "--dirty"),
		runtime.NumCPU(), valueOf("/proc/cpuinfo", "model name"), valueOf("/proc/meminfo", "MemTotal"), run("uname", "-r"),
		runtime.Version(), version("github.com/VictoriaMetrics/VictoriaLogs"), version("go.opentelemetry.io/collector/service"),
		server.ReleaseToTest(elasticsearch.Elasticsearch), server.ReleaseToTest(elasticsearch.OpenSearch), "one node each, by `_bulk`, `_doc` and `_search`")
}

// aims makes a table of all aims. One that was not measured is said to be so.
func aims(folder string) (string, error) {
	reached, err := readReached(folder)
	if err != nil {
		return "", err
	}
	var table, reasons strings.Builder
	missed := map[string][]string{} // by reason
	var why []string
	table.WriteString("\n## Aims\n\n| what | aim | median (least-most) | |\n|---|---|---:|---|\n")
	for _, aim := range bench.Aims() {
		numbers, ok := reached[aim.Name]
		if !ok {
			fmt.Fprintf(&table, "| %s | %s | | not measured |\n", aim.Text, aim.Bound())
			continue
		}
		figure := aim.Number(numbers[0])
		if numbers[1] != numbers[2] {
			figure += fmt.Sprintf(" (%s-%s)", aim.Number(numbers[1]), aim.Number(numbers[2]))
		}
		verdict := aim.Verdict(numbers[0])
		fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", aim.Text, aim.Bound(), figure, verdict)
		if verdict != bench.Met && aim.Why != "" {
			if missed[aim.Why] == nil {
				why = append(why, aim.Why)
			}
			missed[aim.Why] = append(missed[aim.Why], aim.Text)
		}
	}
	for _, reason := range why {
		fmt.Fprintf(&reasons, "\nNot met: %s. %s\n", strings.Join(missed[reason], "; "), reason)
	}
	return table.String() + reasons.String(), nil
}

// readReached returns the median, the least and the most of each aim that was measured, by
// its name.
func readReached(folder string) (map[string][3]float64, error) {
	text, err := os.ReadFile(filepath.Join(folder, bench.AimsFile)) //nolint:gosec // whoever runs this names the folder
	if err != nil {
		return nil, fmt.Errorf("read what was reached: %w", err)
	}
	reached := map[string][3]float64{}
	for line := range strings.Lines(string(text)) {
		var numbers [3]float64
		cells := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(cells) != 1+len(numbers) {
			return nil, fmt.Errorf("read what was reached: %q is no line of %s", line, bench.AimsFile)
		}
		for i, cell := range cells[1:] {
			if numbers[i], err = strconv.ParseFloat(cell, 64); err != nil {
				return nil, fmt.Errorf("read what was reached: %w", err)
			}
		}
		reached[cells[0]] = numbers
	}
	return reached, nil
}

// chapters are the results. There must be some of each benchmark.
func chapters(folder string) (string, error) {
	var text strings.Builder
	for _, chapter := range bench.Chapters() {
		results, err := os.ReadFile(filepath.Join(folder, chapter.Benchmark+".md")) //nolint:gosec // whoever runs this names the folder
		if err != nil {
			return "", fmt.Errorf("read the results of %s: %w", chapter.Benchmark, err)
		}
		fmt.Fprintf(&text, "\n## %s\n\n%s\n%s", chapter.Title, chapter.Text, results)
	}
	return text.String(), nil
}

// run returns what a program prints, "unknown" if it fails.
func run(program string, arguments ...string) string {
	printed, err := exec.Command(program, arguments...).Output() //nolint:gosec,noctx // fixed programs that end at once
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(printed))
}

func version(module string) string { return run("go", "list", "-m", "-f", "{{.Version}}", module) }

// valueOf returns the value of the first line `name: value` of a file, "unknown" without.
func valueOf(file, name string) string {
	text, err := os.ReadFile(file) //nolint:gosec // files of the kernel
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
