package deadletters

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/docketlog/docket/internal/logstore"
)

// maxListBytes ends a page of List early: dead letters have no bound of their own,
// and a hundred large ones together would be a lot of memory.
const maxListBytes = 32 << 20

// Get returns a dead letter, or logstore.ErrNoDeadLetter.
func (s *Store) Get(ctx context.Context, id string) (logstore.DeadLetter, error) {
	key, err := keyOf(id)
	if err != nil {
		return logstore.DeadLetter{}, err
	}
	var letter logstore.DeadLetter
	err = s.file.View(ctx, func(tx *bbolt.Tx) error {
		value := bucketsOf(tx).letters.Get(key[:])
		if value == nil {
			return logstore.ErrNoDeadLetter
		}
		letter, err = decode(key.String(), value)
		return err
	})
	if err != nil {
		return logstore.DeadLetter{}, fmt.Errorf("get the dead letter %s: %w", id, err)
	}
	return letter, nil
}

// List returns the selected dead letters, the oldest first. Once those that it has
// read make 32 MiB it returns them, though they be fewer than the query's limit; it
// returns none only when none is selected.
func (s *Store) List(ctx context.Context, query logstore.DeadLetterQuery) ([]logstore.DeadLetter, error) {
	if query.Limit <= 0 {
		return nil, fmt.Errorf("list dead letters: the limit is %d, but must be at least 1", query.Limit)
	}
	var after uuid.UUID
	if query.After != "" {
		var err error
		if after, err = parseID(query.After); err != nil {
			return nil, fmt.Errorf("list dead letters after another: %w", err)
		}
	}
	var found []logstore.DeadLetter
	err := s.file.View(ctx, func(tx *bbolt.Tx) error {
		b := bucketsOf(tx)
		next := b.selected(query.Projects, after)
		size := 0
		for key := next(); key != nil && len(found) < query.Limit && size < maxListBytes; key = next() {
			if err := ctx.Err(); err != nil {
				return err
			}
			id, err := uuid.FromBytes(key)
			if err != nil {
				return fmt.Errorf("read the id of a dead letter: %w", err)
			}
			value := b.letters.Get(key)
			letter, err := decode(id.String(), value)
			if err != nil {
				return fmt.Errorf("dead letter %s: %w", id, err)
			}
			found = append(found, letter)
			size += len(value)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list dead letters: %w", err)
	}
	return found, nil
}

// CountOf is how many dead letters the projects have; nil stands for all, with
// those of no project.
func (s *Store) CountOf(ctx context.Context, projects []int64) (int64, error) {
	if projects == nil {
		return s.Count(), ctx.Err()
	}
	count := int64(0)
	err := s.file.View(ctx, func(tx *bbolt.Tx) error {
		b := bucketsOf(tx)
		for _, project := range distinct(projects) {
			if err := ctx.Err(); err != nil {
				return err
			}
			count += countFrom(b.projects, projectPrefix(project))
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("count dead letters: %w", err)
	}
	return count, nil
}

// countFrom is how many keys of the bucket begin with prefix.
func countFrom(bucket *bbolt.Bucket, prefix []byte) int64 {
	count := int64(0)
	cursor := bucket.Cursor()
	for key, _ := cursor.Seek(prefix); key != nil && bytes.HasPrefix(key, prefix); key, _ = cursor.Next() {
		count++
	}
	return count
}

// selected returns a function that returns the next of the selected ids, in order,
// and nil behind the last.
func (b buckets) selected(projects []int64, after uuid.UUID) func() []byte {
	if projects == nil {
		all := newIDs(b.letters, nil, after)
		return all.next
	}
	// The letters of each project are in order, so the next one is the smallest of
	// the projects' next ones.
	var sources []*ids
	for _, project := range distinct(projects) {
		if source := newIDs(b.projects, projectPrefix(project), after); source.head != nil {
			sources = append(sources, source)
		}
	}
	return func() []byte {
		if len(sources) == 0 {
			return nil
		}
		first := 0
		for n, source := range sources {
			if bytes.Compare(source.head, sources[first].head) < 0 {
				first = n
			}
		}
		id := sources[first].next()
		if sources[first].head == nil {
			sources = slices.Delete(sources, first, first+1)
		}
		return id
	}
}

func distinct(projects []int64) []int64 {
	return slices.Compact(slices.Sorted(slices.Values(projects)))
}

// ids goes through the ids behind one prefix of a bucket's keys.
type ids struct {
	cursor *bbolt.Cursor
	prefix []byte
	// head is the id that next returns; nil behind the last.
	head []byte
}

// newIDs begins behind the id after.
func newIDs(bucket *bbolt.Bucket, prefix []byte, after uuid.UUID) *ids {
	source := &ids{cursor: bucket.Cursor(), prefix: prefix}
	start := append(bytes.Clone(prefix), after[:]...)
	key, _ := source.cursor.Seek(start)
	if bytes.Equal(key, start) {
		key, _ = source.cursor.Next()
	}
	source.setHead(key)
	return source
}

func (s *ids) next() []byte {
	id := s.head
	if id != nil {
		key, _ := s.cursor.Next()
		s.setHead(key)
	}
	return id
}

func (s *ids) setHead(key []byte) {
	s.head = nil
	if id, ok := bytes.CutPrefix(key, s.prefix); ok && key != nil {
		s.head = id
	}
}
