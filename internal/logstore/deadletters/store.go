// Package deadletters keeps dead letters in one bbolt file, where every change is
// a transaction that is fsynced before it returns. There are three buckets:
//
//	letters    id                → the dead letter (letter.go)
//	projects   project id, id    → nothing; all letters of a project, in order
//	contents   digest            → id; by which a letter that is kept is recognized
//
// Ids are stored as their 16 bytes and project ids big endian, so that bbolt's
// order of keys is the order of List. The digest is that of what makes a letter
// the same as another: project, record and reason. An applier that was killed
// between keeping a dead letter and its checkpoint brings it once more, and it
// must not be kept twice.
package deadletters

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/docketlog/docket/internal/boltfile"
	"github.com/docketlog/docket/internal/logstore"
)

// mappedBytes is how large the file may become before an Add that makes it larger
// waits for snapshots.
const mappedBytes = 512 << 20

// buckets are those of a read or write transaction.
type buckets struct {
	letters, projects, contents *bbolt.Bucket
}

const (
	lettersBucket  = "letters"
	projectsBucket = "projects"
	contentsBucket = "contents"
)

func bucketsOf(tx *bbolt.Tx) buckets {
	return buckets{
		letters:  tx.Bucket([]byte(lettersBucket)),
		projects: tx.Bucket([]byte(projectsBucket)),
		contents: tx.Bucket([]byte(contentsBucket)),
	}
}

// Store keeps dead letters. Only one process can have its file open. All methods
// may be called at once.
type Store struct {
	file *boltfile.File
	// count is how many dead letters are kept. It is changed only within an Update of
	// the file, of which there is one at a time.
	count atomic.Int64
}

// Open opens or creates the file at path, with mode 0600, and its folder. A new file
// survives a crash from here on.
func Open(path string) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("create the folder of the dead letters: %w", err)
	}
	file, err := boltfile.Open(path, boltfile.Options{
		Name: "the dead letters", Closed: logstore.ErrClosed, MappedBytes: mappedBytes,
	})
	if err != nil {
		return nil, err
	}
	s := &Store{file: file}
	if err := s.prepare(context.Background()); err != nil {
		return nil, errors.Join(fmt.Errorf("open the dead letters %q: %w", path, err), file.Close())
	}
	return s, nil
}

// prepare makes the buckets of a new file, and counts the dead letters of an old
// one.
func (s *Store) prepare(ctx context.Context) error {
	prepared := false
	if err := s.file.View(ctx, func(tx *bbolt.Tx) error {
		b := bucketsOf(tx)
		if prepared = b.letters != nil && b.projects != nil && b.contents != nil; prepared {
			s.count.Store(countFrom(b.projects, nil))
		}
		return nil
	}); err != nil || prepared {
		return err
	}
	return s.file.Update(ctx, func(tx *bbolt.Tx) error {
		for _, name := range []string{lettersBucket, projectsBucket, contentsBucket} {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return fmt.Errorf("create the bucket %q: %w", name, err)
			}
		}
		return nil
	})
}

// Close waits for what is going on, snapshots included, and releases the file. It
// may be called again.
func (s *Store) Close() error { return s.file.Close() }

// Snapshot begins a snapshot, which must be closed. Close of the store waits for it.
// While one is open, an Add that makes the file larger than 512 MiB, or larger still,
// waits for its Close, with all who come after.
func (s *Store) Snapshot() (*boltfile.Snapshot, error) { return s.file.Snapshot() }

// Add keeps dead letters, all or none of them; they are durable when it returns. A
// letter without an ID gets a new one. One that is the same as a letter that is
// kept (the same project and record, or without a record id the same content, and
// the same reason) is not kept a second time. Add sets the IDs in the slice: for
// such a letter that of the kept one.
func (s *Store) Add(ctx context.Context, letters []logstore.DeadLetter) error {
	if len(letters) == 0 {
		return nil
	}
	encoded := make([]encodedLetter, len(letters))
	for n, letter := range letters {
		var err error
		if encoded[n], err = encode(letter); err != nil {
			return fmt.Errorf("encode a dead letter: %w", err)
		}
	}
	ids := make([]uuid.UUID, len(letters))
	err := s.write(ctx, func(tx *bbolt.Tx) (added int64, err error) {
		b := bucketsOf(tx)
		for n := range encoded {
			var isNew bool
			if ids[n], isNew, err = b.add(letters[n].ID, &encoded[n]); err != nil {
				return 0, err
			}
			if isNew {
				added++
			}
		}
		return added, nil
	})
	if err != nil {
		return fmt.Errorf("keep dead letters: %w", err)
	}
	for n, id := range ids {
		letters[n].ID = id.String()
	}
	return nil
}

// add stores one letter, unless it is kept already. Wanted is the ID that it is to
// have, or "".
func (b buckets) add(wanted string, letter *encodedLetter) (id uuid.UUID, isNew bool, err error) {
	if kept := b.contents.Get(letter.digest()); kept != nil {
		id, err = uuid.FromBytes(kept)
		return id, false, err
	}
	if wanted == "" {
		// NewV7 counts upwards within a process, so that ids sort as they are added.
		id = uuid.Must(uuid.NewV7()) // fails only where crypto/rand ends the process
	} else if id, err = parseID(wanted); err != nil {
		return id, false, fmt.Errorf("read the id of a new dead letter: %w", err)
	}
	if b.letters.Get(id[:]) != nil {
		return id, false, fmt.Errorf("another dead letter has the id %s", id)
	}
	return id, true, errors.Join(
		b.letters.Put(id[:], letter.value),
		b.projects.Put(projectKey(letter.project(), id), nil),
		b.contents.Put(letter.digest(), id[:]),
	)
}

// Remove removes a dead letter for good, or returns logstore.ErrNoDeadLetter. It
// takes no more of the letter than its header, so that a damaged one goes too.
func (s *Store) Remove(ctx context.Context, id string) error {
	key, err := keyOf(id)
	if err != nil {
		return err
	}
	err = s.write(ctx, func(tx *bbolt.Tx) (int64, error) {
		b := bucketsOf(tx)
		value := b.letters.Get(key[:])
		if value == nil {
			return 0, logstore.ErrNoDeadLetter
		}
		letter, err := parseHeader(value)
		if err != nil {
			return 0, err
		}
		return -1, errors.Join(
			b.contents.Delete(letter.digest()),
			b.projects.Delete(projectKey(letter.project(), key)),
			b.letters.Delete(key[:]),
		)
	})
	if err != nil {
		return fmt.Errorf("remove the dead letter %s: %w", id, err)
	}
	return nil
}

// Count is how many dead letters are kept. It answers at once, also after Close.
func (s *Store) Count() int64 { return s.count.Load() }

// write makes a change, which returns by how much the number of dead letters grows.
func (s *Store) write(ctx context.Context, change func(*bbolt.Tx) (int64, error)) error {
	return s.file.Update(ctx, func(tx *bbolt.Tx) error {
		growth, err := change(tx)
		tx.OnCommit(func() { s.count.Add(growth) })
		return err
	})
}

// keyOf returns the key of the dead letter that a caller names; what is no ID at
// all names none.
func keyOf(id string) (uuid.UUID, error) {
	key, err := parseID(id)
	if err != nil {
		return uuid.UUID{}, fmt.Errorf("%w: %w", logstore.ErrNoDeadLetter, err)
	}
	return key, nil
}

// parseID reads an ID in its usual form of 36 characters; uuid.Parse takes others
// too.
func parseID(id string) (uuid.UUID, error) {
	if len(id) != len(uuid.UUID{}.String()) {
		return uuid.UUID{}, fmt.Errorf("an id has 36 characters, not %d", len(id))
	}
	return uuid.Parse(id)
}

// projectPrefix begins the keys of a project's letters in the bucket projects.
func projectPrefix(project int64) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(project)) //nolint:gosec // any bits will do
}

func projectKey(project int64, id uuid.UUID) []byte {
	return append(projectPrefix(project), id[:]...)
}
