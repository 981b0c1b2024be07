package faults

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

// Call is a system call in a log.
type Call struct {
	// Thread is the number of the thread that made it.
	Thread string
	// Name is the call's name, such as "fsync".
	Name string
	// Text is the whole call with its arguments, descriptors with their paths, and
	// its result.
	Text string
	// Injected says whether the result is one that strace made up.
	Injected bool
}

// Log reads what strace writes, also while it writes.
type Log struct {
	// Path is the log file's.
	Path string

	offset int64
	// rest is the begin of a line whose end was not yet written.
	rest []byte
	// unfinished are calls by thread, of which the result was not yet known when
	// another thread's call was written.
	unfinished map[string]string
}

// Next returns the calls that have ended since Next was called last. A log that is
// not there yet is empty.
func (l *Log) Next() ([]Call, error) {
	content, err := l.read()
	if err != nil {
		return nil, err
	}
	if l.unfinished == nil {
		l.unfinished = map[string]string{}
	}
	var calls []Call
	lines := bytes.Split(append(l.rest, content...), []byte("\n"))
	l.rest = bytes.Clone(lines[len(lines)-1])
	for _, line := range lines[:len(lines)-1] {
		if call, ok := l.parse(string(line)); ok {
			calls = append(calls, call)
		}
	}
	return calls, nil
}

func (l *Log) read() ([]byte, error) {
	file, err := os.Open(l.Path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open strace's log: %w", err)
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.NewSectionReader(file, l.offset, 1<<62))
	if err != nil {
		return nil, fmt.Errorf("read strace's log: %w", err)
	}
	l.offset += int64(len(content))
	return content, nil
}

// The lines of a log, each behind a thread's number. Others tell of signals and ends.
var (
	wholeCall   = regexp.MustCompile(`^(\d+) +(\w+)\(.* = .*$`)
	callBegins  = regexp.MustCompile(`^(\d+) +(\w+\(.*) <unfinished \.\.\.>$`)
	callResumes = regexp.MustCompile(`^(\d+) +<\.\.\. \w+ resumed>(.*)$`)
)

func (l *Log) parse(line string) (Call, bool) {
	if parts := callBegins.FindStringSubmatch(line); parts != nil {
		l.unfinished[parts[1]] = parts[2]
		return Call{}, false
	}
	if parts := callResumes.FindStringSubmatch(line); parts != nil {
		line = parts[1] + " " + l.unfinished[parts[1]] + parts[2]
		delete(l.unfinished, parts[1])
	}
	parts := wholeCall.FindStringSubmatch(line)
	if parts == nil {
		return Call{}, false
	}
	return Call{Thread: parts[1], Name: parts[2], Text: line, Injected: strings.HasSuffix(line, "(INJECTED)")}, true
}
