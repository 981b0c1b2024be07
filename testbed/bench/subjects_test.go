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

// subject is a server under the benchmark's load.
type subject struct {
	name   string
	server process
	// beside are further processes that do a part of its work, which counts as its own.
	beside []process
	load   *Load
	// count asks how many records it has, or has passed on; nil if it keeps none. A subject
	// that mayRepeat has them all, some of them perhaps twice.
	count     func(b *testing.B) int64
	mayRepeat bool
	// since is before its first record.
	since time.Time
	// acknowledged counts the records of every success, those of the warm-ups too.
	acknowledged int64
}

// process is one whose use of the machine is measured.
type process interface {
	Usage() (collector.Usage, error)
}

// processID is a process that is known by its number only.
type processID int

func (p processID) Usage() (collector.Usage, error) { return collector.ReadUsage(int(p)) }

// sample is what one round has measured.
type sample struct {
	// rate is in records a second, the latencies are in milliseconds.
	rate, p50, p99 float64
	// cpu is the subject's processor time for a record, in microseconds, with what
	// it does after the answer. So it is also in seconds for a million.
	cpu float64
	// resident is the subject's memory at the end of the load, in MiB.
	resident float64
	// loadShare is how much of the processor time that the round took, 0 to 1, was
	// the load generator's.
	loadShare float64
	// refused is how many requests had to be sent again.
	refused int64
}

// startDocket runs Docket as it is delivered.
func startDocket(b *testing.B, folder string) *collector.Collector {
	b.Helper()
	return collector.Start(b, collector.Options{AdminKey: adminKey, DataDir: filepath.Join(folder, "data")})
}

// startStock runs the collector that `make bench` has built, with one of its
// configurations, and with what takes its exports at an address.
func startStock(b *testing.B, config, sink string) *collector.Collector {
	b.Helper()
	root := collector.ModuleRoot(b)
	binary := filepath.Join(root, "build", "stockcollector", "collector")
	if _, err := os.Stat(binary); err != nil {
		b.Fatalf("there is no collector to measure beside Docket (%v): run `make bench`, which builds it", err)
	}
	return collector.Start(b, collector.Options{
		Binary:      binary,
		Config:      filepath.Join(root, "testbed", "bench", "stockcollector", config),
		DataDir:     filepath.Join(diskFolder(b), "data"),
		Environment: []string{"DOCKET_BENCH_SINK=" + sink},
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
	s.acknowledged += result.Records
	return s.newSample(result, before, during, s.settle(b), loadCPU)
}

// newSample is a round's, with what was used before the load, at its end and at rest after
// it, and what the load took itself.
func (s *subject) newSample(result Result, before, during, after collector.Usage, loadCPU time.Duration) sample {
	return sample{
		refused:   result.Refused,
		rate:      result.Rate(),
		p50:       milliseconds(result.Latency(0.50)),
		p99:       milliseconds(result.Latency(0.99)),
		cpu:       float64((after.CPU - before.CPU).Microseconds()) / float64(result.Records),
		resident:  mebibytes(during.ResidentBytes),
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

// usage is that of all processes of the subject.
func (s *subject) usage(b *testing.B) (all collector.Usage) {
	b.Helper()
	for _, process := range append([]process{s.server}, s.beside...) {
		usage, err := process.Usage()
		if err != nil {
			b.Fatal(err)
		}
		all.CPU += usage.CPU
		all.ResidentBytes += usage.ResidentBytes
		all.MappedBytes += usage.MappedBytes
	}
	return all
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
