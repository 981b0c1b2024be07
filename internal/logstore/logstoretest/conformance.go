package logstoretest

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// Backend is what Conformance tests.
type Backend interface {
	// Apply is that of logstore.Backend.
	Apply(ctx context.Context, batch []record.Record, replayed bool) error
	logstore.Reader
	logstore.Analyst
}

// syncer is a backend whose records need not be findable before Sync.
type syncer interface {
	Sync(ctx context.Context) error
}

// Options says how much Conformance does.
type Options struct {
	// Rounds is how many backends with records of their own are tested; at least 1.
	Rounds int
	// Records and Questions are how many records a backend has, and how many questions
	// of each kind it is asked; 0 is 300 and 50.
	Records, Questions int
	// Seed is that of a test to repeat; 0 is one by chance.
	Seed uint64
}

// Conformance requires of new backends that they answer random questions as Reference
// does. It logs the seed. Each backend is empty when newBackend returns it, and is
// cleaned up by it; what has been applied and, if it has a method Sync, synced must be
// findable.
func Conformance(t *testing.T, options Options, newBackend func(t *testing.T) Backend) {
	t.Helper()
	if options.Seed == 0 {
		options.Seed = rand.Uint64() //nolint:gosec // no secret
	}
	t.Logf("to repeat this, use the seed %d", options.Seed)
	for round := range options.Rounds {
		t.Run(fmt.Sprintf("round %d", round), func(t *testing.T) {
			require.NoError(t, runRound(t.Context(), options, round, newBackend(t)), "with the seed %d", options.Seed)
		})
	}
}

// runRound fills a backend and asks it everything; the error says what it answers
// wrongly.
func runRound(ctx context.Context, options Options, round int, backend Backend) error {
	random := newRandom(options.Seed + uint64(round)) //nolint:gosec // not negative
	records := Records(random, orDefault(options.Records, 300))
	reference := NewReference()
	if err := fill(ctx, random, records, backend, reference); err != nil {
		return err
	}
	c := comparison{generator: generator{random, records}, backend: backend, reference: reference}
	questions := orDefault(options.Questions, 50)
	for _, ask := range []func(context.Context) error{c.search, c.count, c.histogram, c.values, c.keys, c.groups} {
		for range questions {
			if err := ask(ctx); err != nil {
				return err
			}
		}
	}
	for range max(1, questions/10) {
		if err := c.walk(ctx); err != nil {
			return err
		}
	}
	return nil
}

func newRandom(seed uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // to be repeatable
}

func orDefault(value, fallback int) int {
	if value == 0 {
		return fallback
	}
	return value
}

// fill applies the records in batches, some of which it replays.
func fill(ctx context.Context, random *rand.Rand, records []record.Record, backends ...Backend) error {
	for len(records) > 0 {
		size := 1 + random.IntN(min(len(records), 100))
		isReplayed := random.IntN(4) == 0
		for _, backend := range backends {
			if err := backend.Apply(ctx, records[:size], false); err != nil {
				return fmt.Errorf("apply: %w", err)
			}
			if !isReplayed {
				continue
			}
			if err := backend.Apply(ctx, records[:size], true); err != nil {
				return fmt.Errorf("replay: %w", err)
			}
		}
		records = records[size:]
	}
	for _, backend := range backends {
		if s, ok := backend.(syncer); ok {
			if err := s.Sync(ctx); err != nil {
				return fmt.Errorf("sync: %w", err)
			}
		}
	}
	return nil
}

// comparison asks a backend and the reference the same.
type comparison struct {
	generator

	backend   Backend
	reference *Reference
}

func (c comparison) search(ctx context.Context) error {
	query := c.query()
	return compareAnswers(query, func(b Backend) (any, error) { return foundBy(ctx, b, query) }, c)
}

// foundBy returns what Search finds, as texts to compare.
func foundBy(ctx context.Context, reader logstore.Reader, query logstore.Query) ([]string, error) {
	records, err := reader.Search(ctx, query)
	found := []string{}
	for _, r := range records {
		found = append(found, describe(r))
	}
	return found, err
}

// describe returns what tells one record from another, with a canonical form of all
// that it has.
func describe(r record.Record) string {
	return fmt.Sprintf("%d %s %s", r.Log.Timestamp(), r.ID(), record.AppendCanonical(nil, r))
}

func (c comparison) count(ctx context.Context) error {
	query := c.query()
	query.After = nil
	return compareAnswers(query, func(b Backend) (any, error) { return b.Count(ctx, query) }, c)
}

func (c comparison) histogram(ctx context.Context) error {
	query := c.generator.histogram()
	return compareAnswers(query, func(b Backend) (any, error) {
		buckets, err := b.Histogram(ctx, query)
		for i := range buckets {
			buckets[i].Start = buckets[i].Start.UTC()
		}
		return emptyOfNil(buckets), err
	}, c)
}

func (c comparison) values(ctx context.Context) error {
	query := c.generator.values()
	return compareAnswers(query, func(b Backend) (any, error) {
		values, total, err := b.Values(ctx, query)
		return list{emptyOfNil(values), total}, err
	}, c)
}

func (c comparison) keys(ctx context.Context) error {
	query := c.generator.keys()
	return compareAnswers(query, func(b Backend) (any, error) {
		keys, total, err := b.Keys(ctx, query)
		return list{emptyOfNil(keys), total}, err
	}, c)
}

func (c comparison) groups(ctx context.Context) error {
	query := c.generator.groups()
	return compareAnswers(query, func(b Backend) (any, error) {
		groups, err := b.Groups(ctx, query)
		groups.Groups = emptyOfNil(groups.Groups)
		for i, group := range groups.Groups {
			groups.Groups[i].First, groups.Groups[i].Last = group.First.UTC(), group.Last.UTC()
		}
		return groups, err
	}, c)
}

// walk goes through the pages of a query, each after the last record of the one before
// it, and requires that together they are all that the query selects.
func (c comparison) walk(ctx context.Context) error {
	query := c.query()
	query.After, query.Offset, query.Limit = nil, 0, len(c.records)
	want, err := foundBy(ctx, c.reference, query)
	if err != nil {
		return err
	}
	got := []string{}
	query.Limit = 1 + c.random.IntN(7)
	for len(got) <= len(want) {
		page, err := c.backend.Search(ctx, query)
		if err != nil {
			return fmt.Errorf("search: %w\n%s", err, show(query))
		}
		if len(page) == 0 {
			break
		}
		for _, r := range page {
			got = append(got, describe(r))
		}
		place := placeOf(page[len(page)-1])
		query.After = &place
	}
	return difference(query, want, got)
}

// list is a page and how many there are.
type list struct {
	Page  any
	Total int
}

// compareAnswers returns an error that tells the question and both answers if they
// differ.
func compareAnswers(question any, ask func(b Backend) (any, error), c comparison) error {
	want, err := ask(c.reference)
	if err != nil {
		return fmt.Errorf("ask the reference: %w\n%s", err, show(question))
	}
	got, err := ask(c.backend)
	if err != nil {
		return fmt.Errorf("ask the backend: %w\n%s", err, show(question))
	}
	return difference(question, want, got)
}

func difference(question, want, got any) error {
	wantText, gotText := show(want), show(got)
	if wantText == gotText {
		return nil
	}
	return fmt.Errorf("another answer than the reference's\nquestion: %s\nwant: %s\ngot:  %s", show(question), wantText, gotText)
}

// show writes a question or an answer so that equal ones look the same.
func show(v any) string {
	switch q := v.(type) {
	case logstore.Query:
		return fmt.Sprintf("%+v after %+v", q, q.After)
	case logstore.HistogramQuery:
		return fmt.Sprintf("%+v by %+v", q, q.By)
	case []logstore.Bucket:
		var text strings.Builder
		for _, b := range q {
			fmt.Fprintf(&text, "\n  %s %q %d records, %d bytes", b.Start.Format(time.RFC3339Nano), b.Text, b.Count, b.BodyBytes)
		}
		return text.String()
	default:
		return fmt.Sprintf("%#v", v)
	}
}

func emptyOfNil[T any](values []T) []T {
	if values == nil {
		return []T{}
	}
	return values
}

func sortedKeys(keys map[string]bool) []string { return slices.Sorted(maps.Keys(keys)) }
