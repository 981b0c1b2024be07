// Package journaltool is the command docket-journal without its process: it shows,
// checks and repairs a journal that no Docket has open.
package journaltool

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/folderformat"
	"github.com/docketlog/docket/internal/journal"
)

// The exit codes of Run.
const (
	// Healthy: the journal is as it was written, or is now that it is repaired.
	Healthy = 0
	// Damaged: verify has found damage.
	Damaged = 1
	// Failed: the command was wrong, or could not do its work.
	Failed = 2
)

const usage = `docket-journal checks and repairs the journal of a stopped Docket.

  docket-journal verify [--json] DIR               says whether it is damaged, and changes nothing
  docket-journal repair [--json] DIR               makes a new journal of all that can be read
  docket-journal dump [--from N] [--to N] DIR      prints its entries, a JSON object a line

DIR is Docket's data folder, or the journal's folder. Exit codes: 0 healthy or
repaired, 1 damaged, 2 something else went wrong.
`

// Decode turns a journal entry into its records.
type Decode func(payload []byte) (plog.Logs, error)

// tool is one run of the command.
type tool struct {
	decode         Decode
	stdout, stderr io.Writer
}

// Run does what the arguments (without the program's name) say and returns the
// exit code.
func Run(ctx context.Context, arguments []string, stdout, stderr io.Writer, decode Decode) int {
	t := &tool{decode: decode, stdout: stdout, stderr: stderr}
	commands := map[string]func(context.Context, []string) (int, error){
		"verify": t.verify, "repair": t.repair, "dump": t.dump,
	}
	name := ""
	if len(arguments) > 0 {
		name = arguments[0]
	}
	if name == "-h" || name == "--help" || name == "help" {
		_, _ = io.WriteString(stdout, usage)
		return Healthy
	}
	command, isKnown := commands[name]
	if !isKnown {
		_, _ = io.WriteString(stderr, usage)
		return Failed
	}
	code, err := command(ctx, arguments[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(stdout, usage)
		return Healthy
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "docket-journal %s: %v\n", name, err)
		return Failed
	}
	return code
}

// parse parses flags before and behind the one argument, DIR, and finds the journal.
func parse(flags *flag.FlagSet, arguments []string) (directory string, err error) {
	flags.SetOutput(io.Discard)
	var folders []string
	for len(arguments) > 0 {
		if err := flags.Parse(arguments); err != nil {
			return "", err
		}
		arguments = flags.Args()
		if len(arguments) > 0 {
			folders, arguments = append(folders, arguments[0]), arguments[1:]
		}
	}
	if len(folders) != 1 {
		return "", fmt.Errorf("name one folder, Docket's data folder or the journal's, not %d", len(folders))
	}
	return findJournal(folders[0]), nil
}

// findJournal returns the journal's folder for the data folder or itself.
func findJournal(directory string) string {
	inside := filepath.Join(directory, "journal")
	for _, name := range []string{folderformat.FileName, "wal-meta.db"} {
		if _, err := os.Stat(filepath.Join(directory, name)); err == nil {
			return directory
		}
	}
	for _, folder := range []string{inside, inside + ".repaired"} {
		if stat, err := os.Stat(folder); err == nil && stat.IsDir() {
			return inside
		}
	}
	return directory
}

func (t *tool) verify(ctx context.Context, arguments []string) (int, error) {
	flags := flag.NewFlagSet("verify", flag.ContinueOnError)
	asJSON := flags.Bool("json", false, "")
	directory, err := parse(flags, arguments)
	if err != nil {
		return Failed, err
	}
	report, err := journal.Inspect(ctx, directory)
	if err != nil {
		return Failed, err
	}
	code := Healthy
	if !report.Healthy() {
		code = Damaged
	}
	if *asJSON {
		return code, t.printJSON(report)
	}
	return code, t.print(describe(report))
}

func (t *tool) repair(ctx context.Context, arguments []string) (int, error) {
	flags := flag.NewFlagSet("repair", flag.ContinueOnError)
	asJSON := flags.Bool("json", false, "")
	directory, err := parse(flags, arguments)
	if err != nil {
		return Failed, err
	}
	repaired, err := journal.Repair(ctx, directory)
	if err != nil {
		return Failed, err
	}
	if *asJSON {
		return Healthy, t.printJSON(repaired)
	}
	return Healthy, t.print(describeRepair(directory, repaired))
}

// dumped is a line of dump.
type dumped struct {
	Index   uint64          `json:"index"`
	Segment string          `json:"segment"`
	Offset  int64           `json:"offset"`
	Bytes   int64           `json:"bytes"`
	Records json.RawMessage `json:"records,omitempty"`
	// Error says why the records cannot be shown.
	Error string `json:"error,omitempty"`
}

func (t *tool) dump(ctx context.Context, arguments []string) (int, error) {
	flags := flag.NewFlagSet("dump", flag.ContinueOnError)
	from := flags.Uint64("from", 1, "")
	to := flags.Uint64("to", math.MaxUint64, "")
	directory, err := parse(flags, arguments)
	if err != nil {
		return Failed, err
	}
	report, err := journal.Inspect(ctx, directory)
	if err != nil {
		return Failed, err
	}
	encoder := json.NewEncoder(t.stdout)
	encoder.SetEscapeHTML(false)
	err = report.Visit(ctx, *from, *to, func(e journal.Entry) error {
		line := dumped{Index: e.Index, Segment: e.File, Offset: e.Offset, Bytes: e.Bytes}
		if line.Records, err = t.records(e.Payload); err != nil {
			line.Error = err.Error()
		}
		return encoder.Encode(line)
	})
	if err != nil {
		return Failed, err
	}
	if !report.Healthy() {
		_, err = fmt.Fprintf(t.stderr, "The journal is damaged, so entries may be missing: run \"docket-journal verify %s\".\n", directory)
		return Damaged, err
	}
	return Healthy, nil
}

func (t *tool) records(payload []byte) (json.RawMessage, error) {
	logs, err := t.decode(payload)
	if err != nil {
		return nil, fmt.Errorf("decode the entry: %w", err)
	}
	return new(plog.JSONMarshaler).MarshalLogs(logs)
}

func (t *tool) printJSON(value any) error {
	encoder := json.NewEncoder(t.stdout)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

func (t *tool) print(lines []string) error {
	_, err := io.WriteString(t.stdout, strings.Join(lines, "\n")+"\n")
	return err
}
