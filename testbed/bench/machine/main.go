// The machine command prints the head of docs/benchmarks.md: what was measured, on which
// machine, and how to measure it again.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

func main() {
	fmt.Printf(`# Benchmarks

Written by %s, which takes about half an hour. Each benchmark measures Docket beside others that do a part of
the same work, or the same work in another way, under the same load, in rounds that alternate in random order. So believe
the ratios; the figures themselves are those of this machine. A spread is the median with the least and the most of the
rounds.

| | |
|---|---|
| measured | %s, commit %s |
| machine | %d processors, %s, %s of memory, Linux %s |
| Go | %s |
| engine | VictoriaLogs %s, alone and inside Docket |
| collector | OpenTelemetry Collector %s |
`,
		"`make bench`", time.Now().UTC().Format(time.DateOnly), run("git", "rev-parse", "--short", "HEAD"),
		runtime.NumCPU(), valueOf("/proc/cpuinfo", "model name"), valueOf("/proc/meminfo", "MemTotal"), run("uname", "-r"),
		runtime.Version(), version("github.com/VictoriaMetrics/VictoriaLogs"), version("go.opentelemetry.io/collector/service"))
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
