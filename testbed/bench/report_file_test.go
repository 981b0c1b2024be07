package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// reportVariable names a folder for the results, which the command machine makes
// docs/benchmarks.md of: one file of Markdown for each benchmark, and AimsFile.
const reportVariable = "DOCKET_BENCH_REPORT"

// report prints a result, which is Markdown, and puts it into the report. (A benchmark's
// log shows no more than ten lines.)
func report(b *testing.B, text string) {
	b.Helper()
	text = strings.TrimRight(text, "\n")
	fmt.Println("\n" + text)
	benchmark, _, _ := strings.Cut(b.Name(), "/")
	appendToReport(b, benchmark+".md", "\n"+text+"\n")
}

// reached puts what was measured of an aim into the report, and returns a line about it.
func reached(b *testing.B, name string, measured spread) string {
	b.Helper()
	aim, ok := FindAim(name)
	if !ok {
		b.Fatalf("there is no aim %q", name)
	}
	appendToReport(b, AimsFile, fmt.Sprintf("%s\t%g\t%g\t%g\n", name, measured.median, measured.least, measured.most))
	return fmt.Sprintf("%s: %s (%s), **%s**\n", aim.Text, aim.Number(measured.median), aim.Bound(), aim.Verdict(measured.median))
}

func appendToReport(b *testing.B, name, text string) {
	b.Helper()
	folder := os.Getenv(reportVariable)
	if folder == "" {
		return
	}
	path := filepath.Join(folder, name)
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // whoever runs the benchmark names the folder
	if err != nil {
		b.Fatalf("open the report: %v", err)
	}
	_, err = file.WriteString(text)
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		b.Fatalf("write the report: %v", err)
	}
}

// sheet is a table of Markdown, which can also be read as it is. The first row is its
// head.
type sheet struct{ rows [][]string }

func newSheet(head ...string) *sheet { return &sheet{rows: [][]string{head}} }

func (s *sheet) add(cells ...string) { s.rows = append(s.rows, cells) }

func (s *sheet) text() string {
	widths := make([]int, len(s.rows[0]))
	for _, row := range s.rows {
		for column, cell := range row {
			widths[column] = max(widths[column], utf8.RuneCountInString(cell), len("---"))
		}
	}
	var text strings.Builder
	for i, row := range s.rows {
		for column, cell := range row {
			padding := strings.Repeat(" ", widths[column]-utf8.RuneCountInString(cell))
			if column == 0 {
				text.WriteString("| " + cell + padding)
			} else {
				text.WriteString(" | " + padding + cell)
			}
		}
		text.WriteString(" |\n")
		if i > 0 {
			continue
		}
		for column, width := range widths {
			if column == 0 {
				text.WriteString("|" + strings.Repeat("-", width+2))
			} else {
				text.WriteString("|" + strings.Repeat("-", width+1) + ":")
			}
		}
		text.WriteString("|\n")
	}
	return text.String()
}
