package ratelimit

import (
	"math"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAdmit(t *testing.T) {
	limiter := New(Config{RequestsPerSecond: 2, Burst: 3})
	now := time.Unix(1_800_000_000, 0)
	for range 3 {
		require.Zero(t, limiter.Admit("one", now))
	}
	for range 2 { // what is refused costs nothing
		assert.Equal(t, 500*time.Millisecond, limiter.Admit("one", now))
	}
	require.Zero(t, limiter.Admit("two", now), "each caller has a limit of their own")

	require.Equal(t, time.Millisecond, limiter.Admit("one", now.Add(499*time.Millisecond)))
	require.Zero(t, limiter.Admit("one", now.Add(500*time.Millisecond)), "after the wait it is admitted")
	require.NotZero(t, limiter.Admit("one", now.Add(501*time.Millisecond)))
	for range 3 {
		require.Zero(t, limiter.Admit("one", now.Add(time.Minute)), "the burst has come back")
	}
	require.NotZero(t, limiter.Admit("one", now.Add(time.Minute)))
	require.InDelta(t, 2, limiter.RequestsPerSecond(), 0)
}

func TestNoLimit(t *testing.T) {
	require.Nil(t, New(Config{Burst: 5}))
	var none *Limiter
	require.Zero(t, none.Admit("one", time.Now()))
	require.Zero(t, none.RequestsPerSecond())
}

func TestDefaultBurst(t *testing.T) {
	for rate, burst := range map[float64]int{0.1: 1, 1: 1, 2.5: 3, 100: 100} {
		require.Equal(t, burst, New(Config{RequestsPerSecond: rate}).burst)
	}
}

// However many callers there are, only the busy ones are remembered.
func TestIdleCallersAreForgotten(t *testing.T) {
	limiter := New(Config{RequestsPerSecond: 1, Burst: 2})
	now := time.Unix(1_800_000_000, 0)
	for n := range 100_000 {
		now = now.Add(10 * time.Millisecond)
		require.Zero(t, limiter.Admit(strconv.Itoa(n), now))
		limiter.Admit("busy", now)
		require.LessOrEqual(t, len(limiter.callers), minSweep)
	}
	require.NotZero(t, limiter.Admit("busy", now), "a busy one stays throttled")
}

func TestAdmitAtTheSameTime(t *testing.T) {
	limiter := New(Config{RequestsPerSecond: 1, Burst: 50})
	now := time.Now()
	var admitted atomic.Int64
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() {
			for range 100 {
				if limiter.Admit("one", now) == 0 {
					admitted.Add(1)
				}
			}
		})
	}
	asking.Wait()
	require.Equal(t, int64(50), admitted.Load())
}

func TestCheck(t *testing.T) {
	for _, config := range []Config{{}, {RequestsPerSecond: 0.5, Burst: 30}, {RequestsPerSecond: 1e6, Burst: 1e6}} {
		require.NoError(t, config.Check("rate_limit"))
	}
	for _, rate := range []float64{-1, 1e6 + 1, math.NaN(), math.Inf(1)} {
		require.EqualError(t, Config{RequestsPerSecond: rate}.Check("rate_limit"), "rate_limit::requests_per_second: must be from 0 (no limit) to 1000000")
	}
	err := Config{RequestsPerSecond: -1, Burst: -1}.Check("ingest")
	require.ErrorContains(t, err, "ingest::requests_per_second: must be")
	require.ErrorContains(t, err, "ingest::burst: must be from 0 (as many as in a second) to 1000000")
	require.Error(t, Config{Burst: 1e6 + 1}.Check("rate_limit"))
}
