package tally

import (
	"fmt"
	"iter"
	"strings"

	"github.com/docketlog/docket/internal/logstore"
)

const (
	// MaxTexts is the largest number of different things that a question may count.
	MaxTexts = 100_000
	// MaxBytes is how long their texts may be together.
	MaxBytes = 64 << 20
)

// Tally counts something of each of several texts.
type Tally[T any] struct {
	// what says what is counted, for errors, and help what to do against too many.
	what, help string

	all   map[string]*T
	bytes int
}

// New returns an empty tally. Errors say that there are too many different ones of
// what, and then the help.
func New[T any](what, help string) *Tally[T] {
	return &Tally[T]{what: what, help: help, all: map[string]*T{}}
}

// another returns an empty tally of the same things.
func (t *Tally[T]) another() *Tally[T] { return New[T](t.what, t.help) }

// Len returns how many texts there are.
func (t *Tally[T]) Len() int { return len(t.all) }

// HeldBytes returns about how much memory the tally takes.
func (t *Tally[T]) HeldBytes() int64 {
	const fixed = 100 // of an entry of the map, and its count
	return int64(t.bytes + len(t.all)*fixed)
}

// Reset makes the tally empty.
func (t *Tally[T]) Reset() {
	clear(t.all)
	t.bytes = 0
}

// All yields the texts and their counts, in no order.
func (t *Tally[T]) All() iter.Seq2[string, *T] {
	return func(yield func(string, *T) bool) {
		for text, count := range t.all {
			if !yield(text, count) {
				return
			}
		}
	}
}

// Of returns the count of a text, of which it keeps a copy; isNew is true if it has
// just been added. The error is a *logstore.TooExpensiveError.
func (t *Tally[T]) Of(text string) (count *T, isNew bool, err error) {
	if count, ok := t.all[text]; ok {
		return count, false, nil
	}
	if t.bytes += len(text); len(t.all) >= MaxTexts || t.bytes > MaxBytes {
		return nil, false, t.TooMany()
	}
	count = new(T)
	t.all[strings.Clone(text)] = count
	return count, true, nil
}

// OfBytes is Of for a text in a buffer.
func (t *Tally[T]) OfBytes(text []byte) (count *T, isNew bool, err error) {
	if count, ok := t.all[string(text)]; ok {
		return count, false, nil
	}
	return t.Of(string(text))
}

// TooMany returns the error of Of when there are too many texts.
func (t *Tally[T]) TooMany() error {
	return &logstore.TooExpensiveError{Reason: fmt.Sprintf("there are more than %d different %s: %s", MaxTexts, t.what, t.help)}
}

// AddAll adds the counts of another tally.
func (t *Tally[T]) AddAll(other *Tally[T], add func(to *T, count T)) error {
	for text, count := range other.all {
		to, isNew, err := t.Of(text)
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

// Page returns the values from offset on, at most limit.
func Page[T any](all []T, limit, offset int) []T {
	all = all[min(offset, len(all)):]
	return all[:min(limit, len(all))]
}
