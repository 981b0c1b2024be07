package requests

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"github.com/docketlog/docket/internal/boltfile"
	"github.com/docketlog/docket/internal/logstore"
)

const (
	// mappedBytes is how large the file may become before a Put that makes it larger
	// waits for snapshots.
	mappedBytes = 1 << 30

	// bucketPeriod is the time whose requests share a bucket.
	bucketPeriod = time.Hour
	// keyBytes is the length of a key in a bucket. The request's own key is in the
	// value, so that an equal hash of another one does no harm.
	keyBytes = 16
)

// Index keeps requests in one bbolt file. Only one process can have it open; all
// methods may be called at once.
//
// There is a bucket for each hour, named by its number since 1970 (8 bytes, big
// endian), with the requests whose newest record was received in it. A key is the
// beginning of the SHA-256 of project and key; a value is the binary form of the
// request. So expiry drops whole buckets, and no request is read for it.
type Index struct {
	file *boltfile.File
	now  func() time.Time
}

// Open opens or creates the file at path, with mode 0600; its folder must exist.
// Now is the clock. A new file survives a crash from here on.
func Open(path string, now func() time.Time) (*Index, error) {
	file, err := boltfile.Open(path, boltfile.Options{
		Name: "the index of requests", Closed: logstore.ErrClosed, MappedBytes: mappedBytes, Freelist: bbolt.FreelistMapType,
	})
	if err != nil {
		return nil, err
	}
	return &Index{file: file, now: now}, nil
}

// Close waits for what is going on, snapshots too, and releases the file. It may be
// called again.
func (x *Index) Close() error { return x.file.Close() }

// Snapshot returns the index as it is now. It must be closed, before the index is.
// While one is open, a Put that makes the file larger than 1 GiB, or larger still,
// waits for its Close, with every later Find behind it.
func (x *Index) Snapshot() (*boltfile.Snapshot, error) { return x.file.Snapshot() }

// Find returns the request of a project with this key, unless its newest record
// was received logstore.RequestLifetime ago. The error is logstore.ErrClosed, that
// of ctx, or one of a damaged file.
func (x *Index) Find(ctx context.Context, projectID int64, key string) (logstore.Request, bool, error) {
	var found stored
	err := x.file.View(ctx, func(tx *bbolt.Tx) (err error) {
		found, err = find(tx, projectID, key, x.now())
		return err
	})
	if err != nil {
		return logstore.Request{}, false, fmt.Errorf("find a request of project %d: %w", projectID, err)
	}
	return found.request, found.bucket != nil, nil
}

// Put remembers requests, as Of and ParseBinary return them. They are on disk when
// it returns nil; otherwise none of them is remembered. Receipts of a request that
// is known are added to it, unless it has their positions already or another
// digest. Requests past their lifetime are left out.
func (x *Index) Put(ctx context.Context, requests []logstore.Request) error {
	now := x.now()
	alive := slices.DeleteFunc(slices.Clone(requests), func(request logstore.Request) bool { return isPast(request, now) })
	if len(alive) == 0 {
		return ctx.Err()
	}
	err := x.file.Update(ctx, func(tx *bbolt.Tx) error {
		for _, request := range alive {
			if err := put(tx, request, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remember %d requests: %w", len(alive), err)
	}
	return nil
}

// Expire forgets the requests of all hours that are wholly past, and costs next to
// nothing when there are none. Each hour is a transaction of its own.
func (x *Index) Expire(ctx context.Context) error {
	oldest := bucketName(x.now().Add(-logstore.RequestLifetime))
	for {
		var first []byte
		err := x.file.View(ctx, func(tx *bbolt.Tx) error {
			name, _ := tx.Cursor().First()
			first = bytes.Clone(name)
			return nil
		})
		if err == nil && (first == nil || bytes.Compare(first, oldest) >= 0) {
			return nil
		}
		if err == nil {
			err = x.file.Update(ctx, func(tx *bbolt.Tx) error { return tx.DeleteBucket(first) })
		}
		if err != nil {
			return fmt.Errorf("forget old requests: %w", err)
		}
	}
}

// stored is a request and where it was found; bucket is nil when there is none.
type stored struct {
	request logstore.Request
	bucket  *bbolt.Bucket
}

// find looks into the bucket of every hour that is not past, the newest first.
// Those are 25; more only after the clock was put back.
func find(tx *bbolt.Tx, projectID int64, key string, now time.Time) (stored, error) {
	oldest := bucketName(now.Add(-logstore.RequestLifetime))
	hashed := hashKey(projectID, key)
	cursor := tx.Cursor()
	for name, _ := cursor.Last(); name != nil && bytes.Compare(name, oldest) >= 0; name, _ = cursor.Prev() {
		bucket := tx.Bucket(name)
		value := bucket.Get(hashed)
		if value == nil {
			continue
		}
		requests, err := ParseBinary(value)
		if err != nil || len(requests) != 1 {
			return stored{}, errors.Join(fmt.Errorf("the index of requests is damaged at %x", hashed), err)
		}
		if request := requests[0]; request.ProjectID == projectID && request.Key == key && !isPast(request, now) {
			return stored{request: request, bucket: bucket}, nil
		}
	}
	return stored{}, nil
}

// put stores a request, or adds its receipts to the one that is known. That is then
// put into the bucket of its newest receipt.
func put(tx *bbolt.Tx, request logstore.Request, now time.Time) error {
	known, err := find(tx, request.ProjectID, request.Key, now)
	if err != nil {
		return err
	}
	hashed := hashKey(request.ProjectID, request.Key)
	if known.bucket != nil {
		request = Merge(known.request, request)
		if len(request.Receipts) == len(known.request.Receipts) {
			return nil
		}
		if err := known.bucket.Delete(hashed); err != nil {
			return err
		}
	}
	// A time in the future is a clock's that was put back, and would be kept too long.
	receivedAt := newest(request)
	if receivedAt.After(now) {
		receivedAt = now
	}
	bucket, err := tx.CreateBucketIfNotExists(bucketName(receivedAt))
	if err != nil {
		return err
	}
	return bucket.Put(hashed, AppendBinary(nil, []logstore.Request{request}))
}

// newest returns when the newest record of a request was received.
func newest(request logstore.Request) time.Time {
	var newest time.Time
	for _, receipt := range request.Receipts {
		if receipt.ReceivedAt.After(newest) {
			newest = receipt.ReceivedAt
		}
	}
	return newest
}

func isPast(request logstore.Request, now time.Time) bool {
	return !newest(request).After(now.Add(-logstore.RequestLifetime))
}

// bucketName names the bucket of a time, so that names sort by time.
func bucketName(at time.Time) []byte {
	hour := max(0, at.Unix()/int64(bucketPeriod/time.Second))
	return binary.BigEndian.AppendUint64(nil, uint64(hour)) //nolint:gosec // not negative
}

func hashKey(projectID int64, key string) []byte {
	text := binary.BigEndian.AppendUint64(make([]byte, 0, 8+MaxKeyBytes), uint64(projectID)) //nolint:gosec // only hashed
	hash := sha256.Sum256(append(text, key...))
	return hash[:keyBytes]
}
