package testbed

import (
	cryptorand "crypto/rand"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/collector"
	"github.com/docketlog/docket/testbed/faults"
	"github.com/docketlog/docket/testbed/ledger"
)

const (
	// faultsAtOnce is how many cases run beside each other: each mostly waits.
	faultsAtOnce     = 8
	faultConnections = 8
	// faultRecords and faultWithin are how many records and how long a life waits for
	// its fault at most; faultRemains is how long it goes on after that.
	faultRecords, faultWithin, faultRemains = 8000, 20 * time.Second, 300 * time.Millisecond
	// surveyTime is how long a life is in which all calls are seen.
	surveyTime = 3 * time.Second
	// answeredWithin is how long a request may wait for its answer, fault or not.
	answeredWithin = 10 * time.Second
)

// place is a part of the data folder at some time, and the calls that change it then.
type place struct {
	name string
	// paths are the files and folders whose names are known before they are made; none
	// means any file, and the sockets.
	paths []string
	// isNew is a folder that the faulty life makes; otherwise a life without a fault
	// has left records in it that are not applied yet.
	isNew bool
	calls []call
}

// call is a system call and which of it fail, by strace's count in each thread: a
// low number and a high one that the load of a case still reaches.
type call struct {
	name      string
	low, high int
}

// places are those of the write path. TestEverySystemCallOfTheWritePathIsFaulted
// holds them against what Docket does.
func places() []place {
	journal := []string{
		"journal", "journal/FORMAT", "journal/FORMAT.new", "journal/wal-meta.db", "journal/wal-meta.db.tmp",
		"journal/00000000000000000001-0000000000000000.wal",
	}
	documents := []string{"documents.db", "dead_letters.db", "requests.db"}
	return []place{
		{
			name: "creation", isNew: true,
			paths: slices.Concat([]string{"", "FORMAT", "FORMAT.new", "records", "records/partitions"}, journal, documents),
			calls: []call{
				{"mkdirat", 1, 2},
				{"openat", 1, 5},
				{"write", 1, 1},
				{"pwrite64", 1, 4},
				{"fsync", 1, 2},
				{"fdatasync", 1, 4},
				{"fallocate", 1, 1},
				{"ftruncate", 1, 1},
				{"renameat", 1, 1},
			},
		},
		{
			name: "journal", paths: journal,
			calls: []call{{"openat", 1, 3}, {"pwrite64", 2, 5}, {"fsync", 2, 5}, {"fdatasync", 1, 3}},
		},
		{name: "documents", paths: documents, calls: []call{{"openat", 1, 2}}},
		{name: "any", calls: []call{
			{"openat", 30, 40},
			{"write", 3, 12},
			{"pwrite64", 1, 6},
			{"fsync", 3, 15},
			{"fdatasync", 1, 4},
			{"fallocate", 1, 1},
			{"mkdirat", 1, 3},
			{"linkat", 1, 10},
			{"renameat", 1, 2},
			{"unlinkat", 1, 10},
		}},
	}
}

// harmlessCalls change nothing in a data folder.
func harmlessCalls() []string {
	return []string{
		"close", "epoll_ctl", "execve", "fadvise64", "fcntl", "flock", "fstat", "getdents64", "lseek", "mmap",
		"newfstatat", "pread64", "read", "readlinkat", "statfs",
	}
}

// faultCase is a fault at one place.
type faultCase struct {
	place
	call, effect, when string
}

// name is all that the case's choices depend on.
func (c faultCase) name() string {
	return strings.Join([]string{c.place.name, c.call, c.effect, c.when}, "_")
}

// fault is what happens to calls; faultCase explains the words.
type fault struct{ effect, when string }

// faultsOf are those of a call: an error once, early and late, one that stays, and
// the process's end before the call. The long form has all of them at many numbers.
func faultsOf(c call) []fault {
	numbers := []int{c.low, c.high}
	if isLong() {
		for number := 1; number <= 2*c.high; number += 1 + number/2 {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	var all []fault
	for _, number := range slices.Compact(numbers) {
		once, on := strconv.Itoa(number), strconv.Itoa(number)+"+"
		all = append(all, fault{"EIO", once})
		if isLong() {
			all = append(all, fault{"EIO", on}, fault{"ENOSPC", once})
		}
		if isLong() || number == c.low {
			all = append(all, fault{"ENOSPC", on})
		}
		if isLong() || number == c.high {
			all = append(all, fault{"SIGKILL", once})
		}
	}
	return all
}

func faultCases() []faultCase {
	var cases []faultCase
	for _, place := range places() {
		for _, call := range place.calls {
			for _, fault := range faultsOf(call) {
				cases = append(cases, faultCase{place, call.name, fault.effect, fault.when})
			}
		}
	}
	return cases
}

// A system call of the write path that fails, once or from then on, or during which
// the process is killed, costs no acknowledged record, doubles none, and leaves a
// folder on which Docket starts.
//
// A case that failed is repeated by its name:
//
//	go test ./testbed/ -run 'TestFaultsLoseAndDoubleNothing/^journal_fsync_EIO_5$'
func TestFaultsLoseAndDoubleNothing(t *testing.T) {
	faults.Install(t)
	cases := faultCases()
	struck := newTally()
	queue := make(chan faultCase, len(cases))
	for _, c := range cases {
		queue <- c
	}
	close(queue)
	var workers sync.WaitGroup
	for range faultsAtOnce {
		workers.Go(func() {
			for c := range queue {
				t.Run(c.name(), func(t *testing.T) { struck.add(c, newFaultRun(t, c).run()) })
			}
		})
	}
	workers.Wait()
	struck.report(t)
}

// The calls that are made to fail are all that change the data folder: while it is
// made, under load, when files of the journal and parts of the store come and go,
// during a stop, and during a start with records to apply.
func TestEverySystemCallOfTheWritePathIsFaulted(t *testing.T) {
	faults.Install(t)
	seen := map[string]bool{}
	run := newFaultRun(t, faultCase{})
	for life := range 2 {
		log := &faults.Log{Path: filepath.Join(t.TempDir(), "strace.log")}
		binary, arguments := faults.TraceCommand(log.Path, collector.DocketBinary(t), faultArguments(t))
		docket := collector.Start(t, collector.Options{
			Binary: binary, Arguments: arguments, AdminKey: run.key, DataDir: run.dataDir, Host: run.host,
		})
		stop := run.load(docket)
		time.Sleep(surveyTime)
		if life == 0 {
			docket.Kill()
		} else {
			assert.Zero(t, docket.Terminate())
		}
		stop()
		calls, err := log.Next()
		require.NoError(t, err)
		for _, call := range calls {
			if strings.Contains(call.Text, run.dataDir) && !slices.Contains(harmlessCalls(), call.Name) {
				seen[call.Name] = true
			}
		}
	}
	faulted := map[string]bool{}
	for _, place := range places() {
		for _, call := range place.calls {
			faulted[call.name] = true
		}
	}
	assert.Equal(t, seen, faulted, "what Docket calls, and what TestFaultsLoseAndDoubleNothing makes fail")
}

// tally says which faults have struck in the data folder.
type tally struct {
	mutex sync.Mutex
	// struck has an entry for each call at each place. Whether one effect strikes at a
	// high number depends on how the calls fall to the threads.
	struck map[string]bool
	cases  int
	// missed are the names of those that did not strike.
	missed []string
}

func newTally() *tally { return &tally{struck: map[string]bool{}} }

func (s *tally) add(c faultCase, struck bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.cases++
	if !struck {
		s.missed = append(s.missed, c.name())
	}
	where := c.place.name + "_" + c.call
	s.struck[where] = s.struck[where] || struck
}

// report fails the test when a call never failed: then it shows nothing of it.
func (s *tally) report(t *testing.T) {
	t.Helper()
	t.Logf("%d faults, of which %d found no such call: %v", s.cases, len(s.missed), s.missed)
	for where, struck := range s.struck {
		assert.True(t, struck, "no fault of %s struck", where)
	}
}

// faultRun is a data folder in its lives with a fault, and the ledger of what was
// posted to them.
type faultRun struct {
	faultCase
	t       *testing.T
	key     string
	dataDir string
	// host is the run's own: the load also posts while Docket does not run, and must
	// meet nobody else then.
	host   string
	book   *ledger.Ledger
	random *rand.Rand
	// lives counts them.
	lives int
}

// faultRuns counts them.
var faultRuns atomic.Uint32 //nolint:gochecknoglobals // each has an address of its own in this process

func newFaultRun(t *testing.T, c faultCase) *faultRun {
	t.Helper()
	number := faultRuns.Add(1)
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(c.name()))
	book := ledger.New(hash.Sum64())
	book.Filler = strings.Repeat("x", 2000)
	book.FailingDisk = c.effect != "SIGKILL"
	return &faultRun{
		faultCase: c, t: t, key: "admin-" + cryptorand.Text(), dataDir: filepath.Join(t.TempDir(), "data"),
		host: fmt.Sprintf("127.%d.%d.%d", 1+os.Getpid()%250, number/250, 1+number%250),
		book: book, random: rand.New(rand.NewPCG(hash.Sum64(), 0)),
	}
}

// run returns whether the fault struck.
func (r *faultRun) run() (struck bool) {
	r.t.Helper()
	if !r.isNew {
		r.healthyLife()
	}
	struck = r.faultyLife()
	struck = r.faultyLife() || struck
	r.audit()
	return struck
}

// healthyLife leaves a folder with records that are not applied yet.
func (r *faultRun) healthyLife() {
	r.t.Helper()
	docket := collector.Start(r.t, collector.Options{AdminKey: r.key, DataDir: r.dataDir, Host: r.host, Arguments: faultArguments(r.t)})
	stop := r.load(docket)
	require.Eventually(r.t, func() bool { return r.book.Acknowledged() > 100 }, answeredWithin, time.Millisecond)
	docket.Kill()
	stop()
}

// faultyLife starts Docket with the fault, posts until it has struck and a little
// longer, and ends the process if it is still there.
func (r *faultRun) faultyLife() (struck bool) {
	r.t.Helper()
	r.lives++
	log := &faults.Log{Path: filepath.Join(r.t.TempDir(), fmt.Sprintf("strace-%d.log", r.lives))}
	binary, arguments := r.injection().Command(log.Path, collector.DocketBinary(r.t), faultArguments(r.t))
	docket := collector.Launch(r.t, collector.Options{
		Binary: binary, Arguments: arguments, AdminKey: r.key, DataDir: r.dataDir, Host: r.host,
	})
	stop := r.load(docket)
	struck = r.waitForFault(docket, log)
	switch ending := r.random.IntN(3); ending {
	case 0: // under load
		docket.Terminate()
		stop()
		struck = struck || docket.Killed()
	case 1:
		r.mustAnswer(stop)
		docket.Terminate()
		struck = struck || docket.Killed()
	default:
		r.mustAnswer(stop)
		docket.Kill()
	}
	if docket.LostPort() {
		return r.faultyLife()
	}
	return r.sawFault(log) || struck
}

// faultArguments make the journal small, so that its files change and go often.
func faultArguments(t *testing.T) []string {
	t.Helper()
	return []string{
		"--config", filepath.Join(collector.ModuleRoot(t), "distribution", "docket.yaml"),
		"--set=extensions::log_store::journal::segment_size_mib=1",
		"--set=extensions::log_store::journal::max_size_mib=4",
		"--set=service::telemetry::metrics::level=none", // its port is not on the run's own host
	}
}

func (r *faultRun) injection() faults.Injection {
	injection := faults.Injection{Call: r.call, Effect: "error=" + r.effect, When: r.when}
	if r.effect == "SIGKILL" {
		injection.Effect = "signal=SIGKILL"
	}
	if r.call == "write" && len(r.paths) == 0 {
		// Most writes are answers to clients. Every second reaches the files too, and
		// leaves clients some answers.
		injection.When = strings.TrimSuffix(r.when, "+") + "+2"
	}
	for _, path := range r.paths {
		injection.Paths = append(injection.Paths, filepath.Join(r.dataDir, path))
	}
	return injection
}

func (r *faultRun) load(docket *collector.Collector) (stop func()) {
	c := client.New(docket.Endpoints, r.key)
	load := r.book.Post(r.t.Context(), c, faultConnections)
	return func() {
		load.Stop()
		c.Close()
	}
}

func (r *faultRun) waitForFault(docket *collector.Collector, log *faults.Log) (struck bool) {
	r.t.Helper()
	end, enough := time.Now().Add(faultWithin), r.book.Acknowledged()+faultRecords
	for time.Now().Before(end) && (struck || r.book.Acknowledged() < enough) {
		select {
		case <-docket.Exited():
			return struck || docket.Killed()
		case <-time.After(10 * time.Millisecond):
		}
		if !struck && r.sawFault(log) {
			struck, end = true, time.Now().Add(faultRemains)
		}
	}
	return struck
}

// sawFault says whether strace has made a call in the data folder fail since it was
// asked last.
func (r *faultRun) sawFault(log *faults.Log) bool {
	r.t.Helper()
	calls, err := log.Next()
	require.NoError(r.t, err)
	return slices.ContainsFunc(calls, func(call faults.Call) bool {
		return call.Injected && strings.Contains(call.Text, r.dataDir)
	})
}

// mustAnswer ends the load. Each of its requests gets an answer, or the process ends.
func (r *faultRun) mustAnswer(stop func()) {
	r.t.Helper()
	begin := time.Now()
	stop()
	assert.Less(r.t, time.Since(begin), answeredWithin, "requests hang after the fault")
}

// audit starts Docket without a fault and compares what it has with the ledger.
func (r *faultRun) audit() {
	r.t.Helper()
	r.keepFolder()
	docket := collector.Start(r.t, collector.Options{AdminKey: r.key, DataDir: r.dataDir, Host: r.host, Arguments: faultArguments(r.t)})
	c := newClient(r.t, docket, r.key)
	require.NoError(r.t, r.book.Settle(r.t.Context(), c, time.Minute))
	report, err := r.book.Audit(r.t.Context(), c)
	require.NoError(r.t, err)
	require.NoError(r.t, report.Err())
	require.Zero(r.t, docket.Terminate())
}

// keepFolder copies the data folder as the last fault left it, for those who look
// for the cause if the test fails.
func (r *faultRun) keepFolder() {
	r.t.Helper()
	kept, err := os.MkdirTemp("", "docket-"+r.name()+"-") //nolint:usetesting // it outlives the test
	require.NoError(r.t, err)
	if _, err := os.Stat(r.dataDir); err == nil { // else the fault came before it
		require.NoError(r.t, os.CopyFS(kept, os.DirFS(r.dataDir)))
	}
	r.t.Cleanup(func() {
		if r.t.Failed() {
			r.t.Logf("the data folder as the last fault left it: %s", kept)
			return
		}
		assert.NoError(r.t, os.RemoveAll(kept))
	})
}
