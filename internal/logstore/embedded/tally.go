package embedded

import (
	"fmt"
	"strings"

	"github.com/docketlog/docket/internal/logstore"
)

const (
	// maxTallied is the largest number of different things that a question may count.
	maxTallied = 100_000
	// maxTalliedBytes is how long their texts may be together.
	maxTalliedBytes = 64 << 20
)

// tally counts something of each of several texts.
type tally[T any] struct {
	// what says what is counted, for errors, and help what to do against too many.
	what, help string

	all   map[string]*T
	bytes int
}

func newTally[T any](what, help string) *tally[T] {
	return &tally[T]{what: what, help: help, all: map[string]*T{}}
}

// of returns the count of a text, of which it keeps a copy; isNew is true if it has
// just been added.
func (t *tally[T]) of(text string) (count *T, isNew bool, err error) {
	if count, ok := t.all[text]; ok {
		return count, false, nil
	}
	if t.bytes += len(text); len(t.all) >= maxTallied || t.bytes > maxTalliedBytes {
		return nil, false, &logstore.TooExpensiveError{Reason: fmt.Sprintf("there are more than %d different %s: %s", maxTallied, t.what, t.help)}
	}
	count = new(T)
	t.all[strings.Clone(text)] = count
	return count, true, nil
}

// ofBytes is of for a text in a buffer.
func (t *tally[T]) ofBytes(text []byte) (count *T, isNew bool, err error) {
	if count, ok := t.all[string(text)]; ok {
		return count, false, nil
	}
	return t.of(string(text))
}

// heldBytes implements memoryHolder.
func (t *tally[T]) heldBytes() int64 {
	const fixed = 100 // of an entry of the map, and its count
	return int64(t.bytes + len(t.all)*fixed)
}

// addAll adds the counts of another tally.
func (t *tally[T]) addAll(other *tally[T], add func(to *T, count T)) error {
	for text, count := range other.all {
		to, isNew, err := t.of(text)
		if err != nil {
			return err
		}
		if isNew {
			*to = *count
		} else {
			add(to, *count)
		}
	}
	return nil
}

// pageOf returns the values from offset on, at most limit.
func pageOf[T any](all []T, limit, offset int) []T {
	all = all[min(offset, len(all)):]
	return all[:min(limit, len(all))]
}
