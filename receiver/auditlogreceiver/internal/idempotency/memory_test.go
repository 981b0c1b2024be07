package idempotency

import (
	"context"
	"crypto/sha256"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newMemory(t *testing.T, settings Settings) *Memory {
	t.Helper()
	m, err := NewMemory(settings, time.Now)
	require.NoError(t, err)
	return m
}

// do calls Do with a run that answers text, and reports whether it ran.
func do(t *testing.T, m *Memory, key string, digest byte, text string, keep bool) (answer string, ran bool, err error) {
	t.Helper()
	return doIn(t, m, []int64{1}, key, digest, text, keep)
}

func doIn(t *testing.T, m *Memory, projects []int64, key string, digest byte, text string, keep bool) (answer string, ran bool, err error) {
	t.Helper()
	got, err := m.Do(t.Context(), Request{Projects: projects, Key: key, Digest: Digest{digest}}, func() (Answer, bool) {
		ran = true
		return Answer{Status: 200, Body: []byte(text)}, keep
	})
	return string(got.Body), ran, err
}

func TestMemory(t *testing.T) {
	m := newMemory(t, DefaultSettings())
	answer, ran, err := do(t, m, "k", 1, "first", true)
	require.NoError(t, err)
	assert.True(t, ran)
	assert.Equal(t, "first", answer)

	answer, ran, err = do(t, m, "k", 1, "second", true)
	require.NoError(t, err)
	assert.False(t, ran)
	assert.Equal(t, "first", answer)

	_, ran, err = do(t, m, "k", 2, "third", true)
	require.ErrorIs(t, err, ErrReused)
	assert.False(t, ran)

	_, ran, err = do(t, m, "other", 2, "third", true)
	require.NoError(t, err)
	assert.True(t, ran)
}

func TestMemoryForgetsWhatStoredNothing(t *testing.T) {
	m := newMemory(t, DefaultSettings())
	_, _, err := do(t, m, "k", 1, "failed", false)
	require.NoError(t, err)
	answer, ran, err := do(t, m, "k", 2, "ok", true)
	require.NoError(t, err)
	assert.True(t, ran)
	assert.Equal(t, "ok", answer)
}

func TestMemoryExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(t, DefaultSettings())
		_, _, err := do(t, m, "k", 1, "first", true)
		require.NoError(t, err)
		time.Sleep(24*time.Hour - time.Nanosecond)
		_, ran, err := do(t, m, "k", 1, "second", true)
		require.NoError(t, err)
		assert.False(t, ran)
		time.Sleep(time.Nanosecond)
		_, ran, err = do(t, m, "k", 2, "third", true)
		require.NoError(t, err)
		assert.True(t, ran)
		assert.Equal(t, len("third"), m.bytes)
	})
}

func TestMemoryIsBounded(t *testing.T) {
	m := newMemory(t, Settings{Lifetime: time.Hour, MaxAnswers: 3, MaxBytes: 100})
	for i := range 10 {
		_, _, err := do(t, m, strconv.Itoa(i), 1, "x", true)
		require.NoError(t, err)
	}
	assert.Equal(t, 3, m.kept.Len())
	assert.Equal(t, 3, m.bytes)

	_, _, err := do(t, m, "large", 1, strings.Repeat("x", 99), true)
	require.NoError(t, err)
	assert.Equal(t, 2, m.kept.Len())
	assert.Equal(t, 100, m.bytes)

	_, _, err = do(t, m, "too large", 1, strings.Repeat("x", 101), true)
	require.NoError(t, err)
	assert.Zero(t, m.kept.Len())
	assert.Zero(t, m.bytes)
}

func TestMemoryWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(t, DefaultSettings())
		request := Request{Projects: []int64{1}, Key: "k"}
		runs := 0
		var running sync.WaitGroup
		for range 5 {
			running.Go(func() {
				answer, err := m.Do(t.Context(), request, func() (Answer, bool) {
					time.Sleep(time.Second)
					runs++
					// The first one fails: one of those that wait takes its place.
					return Answer{Status: 200 + runs}, runs > 1
				})
				if assert.NoError(t, err) { //nolint:testifylint // require must not run in another goroutine
					assert.Contains(t, []int{201, 202}, answer.Status)
				}
			})
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := m.Do(ctx, request, func() (Answer, bool) { panic("the other one is at work") })
		require.ErrorIs(t, err, context.DeadlineExceeded)
		running.Wait()
		assert.Equal(t, 2, runs)
		assert.Empty(t, m.running)
	})
}

// TestMemoryAfterPanic: a request that breaks leaves nobody waiting.
func TestMemoryAfterPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(t, DefaultSettings())
		request := Request{Projects: []int64{1, 2}, Key: "k"}
		var waiting sync.WaitGroup
		assert.Panics(t, func() {
			_, _ = m.Do(t.Context(), request, func() (Answer, bool) {
				waiting.Go(func() {
					answer, err := m.Do(t.Context(), request, func() (Answer, bool) { return Answer{Status: 200}, true })
					assert.NoError(t, err)
					assert.Equal(t, 200, answer.Status)
				})
				synctest.Wait()
				panic("broken")
			})
		})
		waiting.Wait()
		assert.Empty(t, m.running)
	})
}

func TestMemoryOfSeveralProjects(t *testing.T) {
	m := newMemory(t, DefaultSettings())
	for range 2 {
		answer, _, err := doIn(t, m, []int64{7, 8}, "k", 1, "both", true)
		require.NoError(t, err)
		assert.Equal(t, "both", answer)
	}
	// The key belongs to each of the projects.
	for _, projects := range [][]int64{{7}, {8}, {1, 7}, {7, 8}} {
		_, ran, err := doIn(t, m, projects, "k", 2, "other", true)
		require.ErrorIs(t, err, ErrReused, projects)
		assert.False(t, ran)
	}
	_, ran, err := doIn(t, m, []int64{7}, "k", 1, "the same body by somebody who may less", true)
	require.ErrorIs(t, err, ErrReused)
	assert.False(t, ran)
	_, ran, err = doIn(t, m, []int64{1, 9}, "k", 2, "others", true)
	require.NoError(t, err)
	assert.True(t, ran)
}

// TestMemoryRunsOneRequestOfAKey: also when their projects only overlap.
func TestMemoryRunsOneRequestOfAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(t, DefaultSettings())
		running, most := 0, 0
		var working sync.WaitGroup
		for _, projects := range [][]int64{{1, 2}, {2, 3}, {1, 2, 3}, {3}, {1}} {
			working.Go(func() {
				// Nothing is kept, so that each of them runs.
				_, err := m.Do(t.Context(), Request{Projects: append(projects, 9), Key: "k"}, func() (Answer, bool) {
					running++
					most = max(most, running)
					time.Sleep(time.Second)
					running--
					return Answer{}, false
				})
				assert.NoError(t, err)
			})
		}
		working.Wait()
		assert.Equal(t, 1, most)
		assert.Empty(t, m.running)
	})
}

func TestDigestOf(t *testing.T) {
	assert.Equal(t, Digest(sha256.Sum256([]byte("loghub\x00{}"))), DigestOf("loghub", []byte("{}")))
}

func TestNewMemoryRefusesNothing(t *testing.T) {
	_, err := NewMemory(Settings{}, time.Now)
	assert.Error(t, err)
}

func TestCheckKey(t *testing.T) {
	for _, good := range []string{"k", "a b", "workos-node-56fdd2e3", strings.Repeat("k", 255)} {
		require.NoError(t, CheckKey(good))
	}
	for _, bad := range []string{"", strings.Repeat("k", 256), "a\n", "\x7f", "ü"} {
		assert.Error(t, CheckKey(bad), bad)
	}
}
