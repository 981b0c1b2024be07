package testbed

import (
	cryptorand "crypto/rand"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/collector"
	"github.com/docketlog/docket/testbed/ledger"
)

const (
	// longVariable asks for the long form of a test when it is not empty.
	longVariable = "DOCKET_TEST_LONG"
	// seedVariable repeats the choices of a run, though not its timing.
	seedVariable = "DOCKET_TEST_SEED"
	// killsVariable and recordsVariable say how often Docket is killed and how many
	// records it acknowledges, at least.
	killsVariable, recordsVariable = "DOCKET_TEST_KILLS", "DOCKET_TEST_RECORDS"

	// ledgerConnections is how many connections post at once.
	ledgerConnections = 16
	// stalledAfter is when a load without an acknowledged record fails the test.
	stalledAfter = 30 * time.Second
)

// ledgerRun is a Docket with many lives, and the ledger of what was posted to it.
type ledgerRun struct {
	t      *testing.T
	key    string
	docket *collector.Collector
	book   *ledger.Ledger
	random *rand.Rand

	// kills counts them, and startKills those that did not wait for the start.
	kills, startKills int
	// longestRecovery is the longest time from a start to GET /healthz with 200.
	longestRecovery time.Duration
}

// newLedgerRun makes a data folder; Docket does not run yet.
func newLedgerRun(t *testing.T) *ledgerRun {
	t.Helper()
	seed := numberFromEnvironment(t, seedVariable, int(time.Now().UnixNano()))
	t.Logf("%s=%d", seedVariable, seed)
	// The key is this run's alone: should a port go to another Docket between two
	// lives, that one must not acknowledge anything.
	key := "admin-" + cryptorand.Text()
	docket := collector.Start(t, collector.Options{AdminKey: key})
	// SIGTERM would sometimes come before the collector listens for it.
	docket.Kill()
	return &ledgerRun{
		t: t, key: key, docket: docket, book: ledger.New(uint64(seed)),
		random: rand.New(rand.NewPCG(uint64(seed), 0)),
	}
}

// startAndKill is one life. The arguments say how much is left for this and all
// further ones; the last one is under load.
func (r *ledgerRun) startAndKill(kills, records int) {
	r.t.Helper()
	r.kills++
	if kills > 1 && r.random.IntN(2) == 0 {
		r.startKills++
		defer r.load()()
		r.docket.RestartAndKill(r.chance(2*r.docket.StartupTime), r.journal()...)
		return
	}
	r.restart(r.journal()...)
	defer r.load()()
	livesUnderLoad := max(1, (kills+1)/2)
	r.waitForRecords(1 + r.random.IntN(max(1, 2*records/livesUnderLoad)))
	time.Sleep(r.chance(20 * time.Millisecond)) // so that not every kill follows an answer
	r.docket.Kill()
}

func (r *ledgerRun) restart(arguments ...string) {
	r.t.Helper()
	r.docket.Restart(arguments...)
	r.longestRecovery = max(r.longestRecovery, r.docket.StartupTime)
}

// journal returns arguments for a journal of the default size, by chance, which is
// checkpointed every ten seconds, or for the smallest, which is checkpointed every
// half a MiB and whose files change often. The smallest is also full at times.
func (r *ledgerRun) journal() []string {
	if r.random.IntN(2) == 0 {
		return nil
	}
	return []string{
		"--set=extensions::log_store::journal::segment_size_mib=1",
		"--set=extensions::log_store::journal::max_size_mib=2",
	}
}

// load posts until the returned function is called. Docket need not run yet.
func (r *ledgerRun) load() (stop func()) {
	c := client.New(r.docket.Endpoints, r.key)
	load := r.book.Post(r.t.Context(), c, ledgerConnections)
	return func() {
		load.Stop()
		c.Close()
	}
}

// waitForRecords returns when that many more records are acknowledged.
func (r *ledgerRun) waitForRecords(count int) {
	r.t.Helper()
	before, seen, seenAt := r.book.Acknowledged(), 0, time.Now()
	for seen < count {
		if now := r.book.Acknowledged() - before; now > seen {
			seen, seenAt = now, time.Now()
		}
		require.Less(r.t, time.Since(seenAt), stalledAfter, "nothing is acknowledged any more")
		time.Sleep(time.Millisecond)
	}
}

// restartAndAudit starts Docket once more and compares what it has with the ledger.
// Within the duration it must have applied what only the journal had.
func (r *ledgerRun) restartAndAudit(settleWithin time.Duration) *ledger.Report {
	r.t.Helper()
	r.restart()
	r.t.Logf("%d kills, of them %d during the start or soon after; longest time from start to healthy: %v",
		r.kills, r.startKills, r.longestRecovery)
	begin, c := time.Now(), newClient(r.t, r.docket, r.key)
	require.NoError(r.t, r.book.Settle(r.t.Context(), c, settleWithin))
	settled := time.Now()
	report, err := r.book.Audit(r.t.Context(), c)
	require.NoError(r.t, err)
	r.t.Logf("%d records acknowledged, %d refused, %d of %d unanswered ones are stored",
		report.Acknowledged, report.Refused, report.Present, report.Unanswered)
	r.t.Logf("all was applied %v after the start, the audit took %v", settled.Sub(begin), time.Since(settled))
	require.NoError(r.t, report.Err())
	return report
}

// chance returns a duration below the limit.
func (r *ledgerRun) chance(limit time.Duration) time.Duration {
	return time.Duration(r.random.Int64N(int64(limit)))
}

func isLong() bool { return os.Getenv(longVariable) != "" }

// numberFromEnvironment returns the number in a variable, or the other when it is
// not set.
func numberFromEnvironment(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	number, err := strconv.Atoi(text)
	require.NoError(t, err, name)
	return number
}
