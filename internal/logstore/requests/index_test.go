package requests_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/requests"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a clock that tests set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

func open(tb testing.TB, path string, now func() time.Time) *requests.Index {
	tb.Helper()
	index, err := requests.Open(path, now)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, index.Close()) })
	return index
}

// openNew opens a new index with a clock that starts at receiveTime.
func openNew(tb testing.TB) (*requests.Index, *clock, string) {
	tb.Helper()
	c := &clock{now: receiveTime()}
	path := filepath.Join(tb.TempDir(), "requests.db")
	return open(tb, path, c.read), c, path
}

func put(tb testing.TB, index *requests.Index, list ...logstore.Request) {
	tb.Helper()
	require.NoError(tb, index.Put(tb.Context(), list))
}

func assertFound(t *testing.T, index *requests.Index, want logstore.Request) {
	t.Helper()
	got, found, err := index.Find(t.Context(), want.ProjectID, want.Key)
	require.NoError(t, err)
	require.True(t, found, want.Key)
	assert.Equal(t, want, got)
}

func assertNotFound(t *testing.T, index *requests.Index, project int64, key string) {
	t.Helper()
	_, found, err := index.Find(t.Context(), project, key)
	require.NoError(t, err)
	assert.False(t, found, key)
}

func TestIndexFinds(t *testing.T) {
	index, c, path := openNew(t)
	assertNotFound(t, index, 7, "a")
	a, b := newRequest(7, "a", 1, 2, receiveTime()), newRequest(8, "b", 2, 1, receiveTime())
	put(t, index, a, b)
	for range 2 { // the second time after it was opened again
		assertFound(t, index, a)
		assertFound(t, index, b)
		assertNotFound(t, index, 8, "a")
		assertNotFound(t, index, 7, "A")
		require.NoError(t, index.Close())
		index = open(t, path, c.read)
	}
}

func TestIndexMergesByPosition(t *testing.T) {
	index, _, _ := openNew(t)
	all := newRequest(7, "a", 1, 5, receiveTime())
	part := func(positions ...int) logstore.Request {
		request := all
		request.Receipts = nil
		for _, position := range positions {
			request.Receipts = append(request.Receipts, all.Receipts[position])
		}
		return request
	}
	put(t, index, part(1, 3))
	put(t, index, part(0, 3), part(2))
	assertFound(t, index, part(0, 1, 2, 3))

	other := newRequest(7, "a", 1, 5, receiveTime()) // the same positions with other ids
	put(t, index, other)
	want := part(0, 1, 2, 3)
	want.Receipts = append(want.Receipts, other.Receipts[4])
	assertFound(t, index, want)
}

func TestTheFirstDigestWins(t *testing.T) {
	index, c, _ := openNew(t)
	first := newRequest(7, "a", 1, 1, receiveTime())
	put(t, index, first)
	put(t, index, newRequest(7, "a", 2, 3, receiveTime()))
	assertFound(t, index, first)

	// Until its time is over.
	later := receiveTime().Add(logstore.RequestLifetime)
	c.set(later)
	second := newRequest(7, "a", 2, 1, later)
	put(t, index, second)
	assertFound(t, index, second)
}

// TestReplayChangesNothing: after a crash the journal's newest requests are put
// again, perhaps hours later.
func TestReplayChangesNothing(t *testing.T) {
	index, c, path := openNew(t)
	early, late := newRequest(7, "a", 1, 2, receiveTime()), newRequest(7, "b", 1, 2, receiveTime().Add(time.Minute))
	put(t, index, early, late)
	c.set(receiveTime().Add(5 * time.Hour))
	put(t, index, early)
	put(t, index, early, late)
	assertFound(t, index, early)
	assertFound(t, index, late)
	require.NoError(t, index.Close())
	assert.Equal(t, map[string]int{hourOf(receiveTime()): 2}, buckets(t, path))
}

func TestIndexRemembersForADay(t *testing.T) {
	index, c, _ := openNew(t)
	request := newRequest(7, "a", 1, 1, receiveTime())
	put(t, index, request)
	c.set(receiveTime().Add(logstore.RequestLifetime - time.Nanosecond))
	require.NoError(t, index.Expire(t.Context()))
	assertFound(t, index, request)
	c.set(receiveTime().Add(logstore.RequestLifetime))
	assertNotFound(t, index, 7, "a")

	// What is past is not taken any more, such as from an old journal.
	put(t, index, newRequest(7, "old", 1, 1, receiveTime()))
	assertNotFound(t, index, 7, "old")
}

// TestARequestLivesAsLongAsItsNewestRecord: it is in the bucket of that one.
func TestARequestLivesAsLongAsItsNewestRecord(t *testing.T) {
	index, c, path := openNew(t)
	first, rest := newRequest(7, "a", 1, 1, receiveTime()), newRequest(7, "a", 1, 2, receiveTime().Add(2*time.Hour))
	put(t, index, first)
	c.set(receiveTime().Add(2 * time.Hour))
	put(t, index, rest)
	want := rest
	want.Receipts = []logstore.Receipt{first.Receipts[0], rest.Receipts[1]}

	c.set(receiveTime().Add(2*time.Hour + logstore.RequestLifetime - time.Nanosecond))
	require.NoError(t, index.Expire(t.Context()))
	assertFound(t, index, want)
	require.NoError(t, index.Close())
	assert.Equal(t, map[string]int{hourOf(receiveTime().Add(2 * time.Hour)): 1}, buckets(t, path))
}

func TestExpireDropsWholeHours(t *testing.T) {
	index, c, path := openNew(t)
	for hour := range 30 {
		at := receiveTime().Add(time.Duration(hour) * time.Hour)
		c.set(at)
		put(t, index, newRequest(7, strconv.Itoa(hour), 1, 1, at))
		require.NoError(t, index.Expire(t.Context()))
	}
	for hour := range 30 {
		if hour <= 29-24 {
			assertNotFound(t, index, 7, strconv.Itoa(hour))
		} else {
			assertKnown(t, index, strconv.Itoa(hour))
		}
	}
	require.NoError(t, index.Close())
	assert.Len(t, buckets(t, path), 25, "a lookup visits no more")

	index = open(t, path, c.read)
	c.set(c.read().Add(48 * time.Hour))
	require.NoError(t, index.Expire(t.Context()))
	require.NoError(t, index.Close())
	assert.Empty(t, buckets(t, path))
}

func assertKnown(t *testing.T, index *requests.Index, key string) {
	t.Helper()
	_, found, err := index.Find(t.Context(), 7, key)
	require.NoError(t, err)
	assert.True(t, found, key)
}

// TestClockThatWasAhead: a request from the future is found, and not kept longer
// than others.
func TestClockThatWasAhead(t *testing.T) {
	index, c, path := openNew(t)
	c.set(receiveTime().Add(3 * time.Hour))
	ahead := newRequest(7, "ahead", 1, 1, c.read())
	put(t, index, ahead)
	c.set(receiveTime())
	assertFound(t, index, ahead)

	forged := newRequest(7, "forged", 1, 1, receiveTime().AddDate(100, 0, 0))
	put(t, index, forged)
	assertFound(t, index, forged)
	c.set(receiveTime().Add(28 * time.Hour))
	require.NoError(t, index.Expire(t.Context()))
	assertNotFound(t, index, 7, "forged")
	require.NoError(t, index.Close())
	assert.Equal(t, map[string]int{}, buckets(t, path))
}

func TestSnapshotIsOfOneMoment(t *testing.T) {
	index, c, _ := openNew(t)
	before, after := newRequest(7, "before", 1, 1, receiveTime()), newRequest(7, "after", 1, 1, receiveTime())
	put(t, index, before)
	snapshot, err := index.Snapshot()
	require.NoError(t, err)
	put(t, index, after)
	c.set(receiveTime().Add(30 * time.Hour))
	require.NoError(t, index.Expire(t.Context()))
	c.set(receiveTime())

	path := filepath.Join(t.TempDir(), "copy.db")
	file, err := os.Create(path)
	require.NoError(t, err)
	written, err := snapshot.WriteTo(file)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	assert.Equal(t, snapshot.Size(), written)
	require.NoError(t, snapshot.Close())

	restored := open(t, path, c.read)
	assertFound(t, restored, before)
	assertNotFound(t, restored, 7, "after")
	assertNotFound(t, index, 7, "before")
	put(t, restored, after)
	assertFound(t, restored, after)
}

// TestSnapshotStopsNobody: much is put and found while one is open.
func TestSnapshotStopsNobody(t *testing.T) {
	index, _, _ := openNew(t)
	snapshot, err := index.Snapshot()
	require.NoError(t, err)
	large := newRequest(7, "large", 1, 50_000, receiveTime())
	for i := range 8 { // 20 MB
		large.Key = strconv.Itoa(i)
		put(t, index, large)
	}
	assertFound(t, index, large)
	require.NoError(t, snapshot.Close())
}

func TestAtOnce(t *testing.T) {
	index, c, _ := openNew(t)
	failures := make(chan error, 8)
	for i := range 8 {
		go func() { failures <- putAndFind(t.Context(), index, int64(1+i), c.read()) }()
	}
	for range 8 {
		require.NoError(t, <-failures)
	}
}

// putAndFind puts requests of a project one by one, and finds each.
func putAndFind(ctx context.Context, index *requests.Index, project int64, at time.Time) error {
	for i := range 10 {
		request := newRequest(project, strconv.Itoa(i), 1, 1, at)
		if err := index.Put(ctx, []logstore.Request{request}); err != nil {
			return err
		}
		if err := index.Expire(ctx); err != nil {
			return err
		}
		got, _, err := index.Find(ctx, project, request.Key)
		if err != nil || !assert.ObjectsAreEqual(request, got) {
			return fmt.Errorf("put %v and found %v: %w", request, got, err)
		}
	}
	return nil
}

func TestClosedIndex(t *testing.T) {
	index, _, _ := openNew(t)
	require.NoError(t, index.Close())
	require.NoError(t, index.Close())
	_, _, err := index.Find(t.Context(), 7, "a")
	require.ErrorIs(t, err, logstore.ErrClosed)
	require.ErrorIs(t, index.Put(t.Context(), []logstore.Request{newRequest(7, "a", 1, 1, receiveTime())}), logstore.ErrClosed)
	require.ErrorIs(t, index.Expire(t.Context()), logstore.ErrClosed)
	_, err = index.Snapshot()
	require.ErrorIs(t, err, logstore.ErrClosed)
}

func TestEndedContext(t *testing.T) {
	index, _, _ := openNew(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := index.Find(ctx, 7, "a")
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, index.Put(ctx, []logstore.Request{newRequest(7, "a", 1, 1, receiveTime())}), context.Canceled)
	require.ErrorIs(t, index.Put(ctx, nil), context.Canceled)
	require.ErrorIs(t, index.Expire(ctx), context.Canceled)
	assertNotFound(t, index, 7, "a")
}

func TestOpenRefuses(t *testing.T) {
	garbage := filepath.Join(t.TempDir(), "garbage.db")
	require.NoError(t, os.WriteFile(garbage, []byte("no index"), 0o600))
	_, err := requests.Open(garbage, time.Now)
	require.ErrorContains(t, err, `open the index of requests "`+garbage+`": `)
	_, err = requests.Open(filepath.Join(t.TempDir(), "missing", "requests.db"), time.Now)
	require.ErrorContains(t, err, "no such file")
}

// TestDamagedValue: a request that cannot be read is an error, not an unknown one.
func TestDamagedValue(t *testing.T) {
	index, c, path := openNew(t)
	request := newRequest(7, "a", 1, 1, receiveTime())
	put(t, index, request)
	require.NoError(t, index.Close())
	change(t, path, func(tx *bbolt.Tx) error {
		return tx.ForEach(func(_ []byte, bucket *bbolt.Bucket) error {
			key, _ := bucket.Cursor().First()
			return bucket.Put(key, []byte{9, 9})
		})
	})
	index = open(t, path, c.read)
	_, _, err := index.Find(t.Context(), 7, "a")
	require.ErrorContains(t, err, "damaged")
	require.ErrorContains(t, index.Put(t.Context(), []logstore.Request{request}), "damaged")
}

func hourOf(at time.Time) string { return fmt.Sprintf("%016x", at.Unix()/3600) }

// buckets returns how many requests each bucket of a closed index has.
func buckets(t *testing.T, path string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	change(t, path, func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, bucket *bbolt.Bucket) error {
			counts[fmt.Sprintf("%x", name)] = bucket.Stats().KeyN
			return nil
		})
	})
	return counts
}

func change(t *testing.T, path string, change func(*bbolt.Tx) error) {
	t.Helper()
	database, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
	require.NoError(t, err)
	defer func() { require.NoError(t, database.Close()) }()
	require.NoError(t, database.Update(change))
}

// BenchmarkIndex has 25 hours with 20,000 requests each: finding an unknown key,
// which looks into all of them, and putting 1,000 new ones.
func BenchmarkIndex(b *testing.B) {
	index, c, _ := openNew(b)
	start := receiveTime()
	list := make([]logstore.Request, 1000)
	for hour := range 25 {
		c.set(start.Add(time.Duration(hour) * time.Hour))
		for part := range 20 {
			for i := range list {
				list[i] = newRequest(1, fmt.Sprintf("%d-%d-%d", hour, part, i), 1, 1, c.read())
			}
			put(b, index, list...)
		}
	}
	b.Run("find unknown", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, found, err := index.Find(b.Context(), 1, "unknown"); found || err != nil {
				b.Fatal(found, err)
			}
		}
	})
	b.Run("put 1000", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			for i := range list {
				list[i] = newRequest(1, fmt.Sprintf("new-%d-%d", n, i), 1, 1, c.read())
			}
			put(b, index, list...)
		}
	})
	b.Run("expire nothing", func(b *testing.B) {
		for b.Loop() {
			if err := index.Expire(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
