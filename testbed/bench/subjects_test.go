package bench

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/docketlog/docket/testbed/collector"
)

const (
	// A subject is at rest when it uses no more than restingCPU within restingTime;
	// after settleWithin the next one's turn comes anyway.
	restingTime, restingCPU = 100 * time.Millisecond, 10 * time.Millisecond
	settleWithin            = 10 * time.Second
	// afterStart is until the garbage of a start has been collected.
	afterStart = 2 * time.Second
)

// subjects are what is measured, side by side. All of them run all the time; one at
// a time has work.
type subjects struct {
	docket   *subject
	inMemory *subject
	bare     *subject
	queue    *subject
}

// list has them in the order in which they are reported.
func (s subjects) list() []*subject { return []*subject{s.docket, s.inMemory, s.bare, s.queue} }

// subject is a server under the benchmark's load.
type subject struct {
	name   string
	server *collector.Collector
	load   *Load
	// sink is where the subject exports to, or nil.
	sink *collector.Collector
	// since is before its first record.
	since time.Time
	// acknowledged counts every 200, those of the warm-ups too.
	acknowledged int64
}

// sample is what one round has measured.
type sample struct {
	// rate is in answers a second, the latencies are in milliseconds.
	rate, p50, p99 float64
	// cpu is the subject's processor time for a request, in microseconds, with what
	// it does after the answer.
	cpu float64
	// loadShare is how much of the processor time that the round took, 0 to 1, was
	// the load generator's.
	loadShare float64
}

func startSubjects(b *testing.B) subjects {
	b.Helper()
	started := subjects{
		docket:   newSubject("docket", startDocket(b, diskFolder(b))),
		inMemory: newSubject("docket-no-fsync", startDocket(b, memoryFolder(b))),
		bare:     newSubject("bare", startProgram(b, "barehandler")),
	}
	sink := startProgram(b, "baresink")
	started.queue = newSubject("file_storage", startQueue(b, diskFolder(b), sink))
	started.queue.sink = sink
	time.Sleep(afterStart)
	return started
}

func newSubject(name string, server *collector.Collector) *subject {
	return &subject{name: name, server: server, since: time.Now(), load: &Load{
		Address: server.Endpoints.Ingest,
		Path:    "/api/auditlog",
		Headers: "Authorization: Bearer " + adminKey + "\r\n",
		Body:    body(),
	}}
}

// startDocket runs Docket as it is delivered.
func startDocket(b *testing.B, folder string) *collector.Collector {
	b.Helper()
	return collector.Start(b, collector.Options{AdminKey: adminKey, DataDir: filepath.Join(folder, "data")})
}

// startQueue runs the collector that `make bench` has built.
func startQueue(b *testing.B, folder string, sink *collector.Collector) *collector.Collector {
	b.Helper()
	root := collector.ModuleRoot(b)
	binary := filepath.Join(root, "build", "filestorage", "collector")
	if _, err := os.Stat(binary); err != nil {
		b.Fatalf("there is no collector with a file_storage queue (%v): run `make bench`, which builds it", err)
	}
	return collector.Start(b, collector.Options{
		Binary:      binary,
		Config:      filepath.Join(root, "testbed", "bench", "filestorage", "collector.yaml"),
		DataDir:     filepath.Join(folder, "data"),
		Environment: []string{"DOCKET_BENCH_SINK=" + sink.Endpoints.Ingest},
		Ready:       listening(),
	})
}

// startProgram builds one of the programs in this folder and runs it.
func startProgram(b *testing.B, name string) *collector.Collector {
	b.Helper()
	binary := filepath.Join(b.TempDir(), name)
	text, err := exec.CommandContext(b.Context(), "go", "build", "-o", binary, "./"+name).CombinedOutput()
	if err != nil {
		b.Fatalf("build %s: %v\n%s", name, err, text)
	}
	return collector.Start(b, collector.Options{Binary: binary, Ready: listening()})
}

func listening() func(collector.Endpoints) bool {
	return collector.Listening(func(endpoints collector.Endpoints) string { return endpoints.Ingest })
}

// run puts the subject under load and waits until it is at rest again, so that none
// pays for what another does after its answers.
func (s *subject) run(b *testing.B, connections int, duration time.Duration) sample {
	b.Helper()
	before, loadBefore := s.usage(b), ownCPU(b)
	result, err := s.load.Run(b.Context(), connections, duration)
	if err != nil {
		b.Fatalf("%s: %v", s.name, err)
	}
	loadCPU, during := ownCPU(b)-loadBefore, s.usage(b)
	s.acknowledged += result.Answered
	after := s.settle(b)
	return sample{
		rate:      result.Rate(),
		p50:       milliseconds(result.Latency(0.50)),
		p99:       milliseconds(result.Latency(0.99)),
		cpu:       float64((after.CPU - before.CPU).Microseconds()) / float64(result.Answered),
		loadShare: float64(loadCPU) / float64(loadCPU+during.CPU-before.CPU),
	}
}

// settle waits until the subject is at rest.
func (s *subject) settle(b *testing.B) collector.Usage {
	b.Helper()
	begin, last := time.Now(), s.usage(b)
	for {
		time.Sleep(restingTime)
		now := s.usage(b)
		if now.CPU-last.CPU <= restingCPU || time.Since(begin) > settleWithin {
			return now
		}
		last = now
	}
}

func (s *subject) usage(b *testing.B) collector.Usage {
	b.Helper()
	usage, err := s.server.Usage()
	if err != nil {
		b.Fatal(err)
	}
	return usage
}

// ownCPU is the processor time that this process has used.
func ownCPU(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatalf("read the load generator's processor time: %v", err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func milliseconds(duration time.Duration) float64 { return duration.Seconds() * 1000 }
