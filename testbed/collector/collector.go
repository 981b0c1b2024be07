package collector

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	// readyTimeout is how long a process may take until it is ready. It only
	// bounds a hanging test; StartupTime has what it really took.
	readyTimeout = 2 * time.Minute
	// exitTimeout is how long a process may take to end after SIGTERM.
	exitTimeout = 30 * time.Second
	// startAttempts is how often a start is tried with other ports when somebody
	// took a free port in the moment before the process listened on it.
	startAttempts = 5
	// addressInUse is what a process writes in that case.
	addressInUse = "address already in use"
)

// Options say what to run. The zero value is Docket with its default config and
// an empty data folder.
type Options struct {
	// Binary is the program; "" means DocketBinary.
	Binary string
	// Config is the config file; "" means distribution/docket.yaml.
	Config string
	// Arguments replace `--config Config`.
	Arguments []string
	// Directory is the working directory; "" means a new temporary folder.
	Directory string
	// DataDir is DOCKET_DATA_DIR; "" means the folder data in Directory.
	DataDir string
	// AdminKey is DOCKET_ADMIN_KEY; "" leaves it unset, so that Docket makes one.
	AdminKey string
	// Cluster is DOCKET_ELASTICSEARCH_URL, for a config that uses it; "" leaves it unset.
	Cluster string
	// Host is the loopback address on which it listens, except for its metrics; ""
	// means 127.0.0.1. With an address of its own, nobody else answers on its ports
	// while it does not run.
	Host string
	// Environment is set in addition, as "NAME=value"; a later entry wins. No
	// DOCKET_ variable of the test's own environment reaches the process.
	Environment []string
	// Unset names variables that are not set, so that the config's own default
	// applies.
	Unset []string
	// Ready says whether the process can be used; nil means that GET /healthz on
	// the API endpoint answers 200.
	Ready func(Endpoints) bool
}

// Collector is a child process, or the one that was started again in its place.
// It belongs to the test's goroutine.
type Collector struct {
	// Endpoints are where it listens. They stay the same over a restart, unless
	// somebody else took a port in between.
	Endpoints Endpoints
	// DataDir is the absolute path of the data folder.
	DataDir string
	// StartupTime is from the start of the process until it was ready.
	StartupTime time.Duration

	tb      testing.TB
	options Options
	output  *output
	process *process
}

// Start runs a collector and returns when it is ready. It fails the test when
// that does not happen.
func Start(tb testing.TB, options Options) *Collector {
	tb.Helper()
	options = options.withDefaults(tb)
	c := &Collector{tb: tb, options: options, DataDir: options.DataDir, output: &output{}}
	tb.Cleanup(c.cleanUp)
	c.start(freeEndpoints(tb, options))
	return c
}

// Run runs a collector that is expected to end by itself, and returns its exit
// code and everything it wrote.
func Run(tb testing.TB, options Options) (exitCode int, text string) {
	tb.Helper()
	options = options.withDefaults(tb)
	written := &output{}
	process, err := launch(options, freeEndpoints(tb, options), written)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	select {
	case <-process.exited:
	case <-time.After(readyTimeout):
		process.signal(syscall.SIGKILL)
		<-process.exited
		tb.Fatalf("%s did not end by itself within %v; it wrote:\n%s", options.Binary, readyTimeout, written)
	}
	return process.exitCode(), written.String()
}

// Terminate sends SIGTERM, as an orderly stop does, and returns the exit code.
func (c *Collector) Terminate() int {
	c.tb.Helper()
	c.process.signal(syscall.SIGTERM)
	select {
	case <-c.process.exited:
	case <-time.After(exitTimeout):
		c.tb.Fatalf("the process still runs %v after SIGTERM", exitTimeout)
	}
	return c.process.exitCode()
}

// Kill sends SIGKILL, as a crash would end it: nothing in the process runs any
// more.
func (c *Collector) Kill() {
	c.process.signal(syscall.SIGKILL)
	<-c.process.exited
}

// Restart starts the ended process again, on the same data folder. The arguments,
// if any, are added to those of the options, for this run only.
func (c *Collector) Restart(arguments ...string) {
	c.tb.Helper()
	c.mustHaveEnded()
	c.start(c.Endpoints, arguments...)
}

// RestartAndKill starts the ended process again, as Restart does, and sends SIGKILL
// after the delay, whether or not it is ready. It fails the test when the process
// ends by itself before that.
func (c *Collector) RestartAndKill(delay time.Duration, arguments ...string) {
	c.tb.Helper()
	c.mustHaveEnded()
	written := len(c.Output())
	started, err := launch(c.options.with(arguments), c.Endpoints, c.output)
	if err != nil {
		c.tb.Fatalf("%v", err)
	}
	c.process = started
	select {
	case <-started.exited:
		if !strings.Contains(c.Output()[written:], addressInUse) {
			c.tb.Fatalf("%s ended with exit code %d before it was killed", c.options.Binary, started.exitCode())
		}
	case <-time.After(delay):
		c.Kill()
	}
}

func (c *Collector) mustHaveEnded() {
	c.tb.Helper()
	if !c.process.ended() {
		c.tb.Fatalf("the process must have ended before it is started again")
	}
}

// Output returns everything that the process and its predecessors wrote.
func (c *Collector) Output() string { return c.output.String() }

// Usage returns what the running process uses of the machine.
func (c *Collector) Usage() (Usage, error) { return ReadUsage(c.process.pid()) }

func (c *Collector) start(endpoints Endpoints, arguments ...string) {
	c.tb.Helper()
	for range startAttempts {
		begin := time.Now()
		written := len(c.Output())
		started, err := launch(c.options.with(arguments), endpoints, c.output)
		if err != nil {
			c.tb.Fatalf("%v", err)
		}
		c.process, c.Endpoints = started, endpoints
		if err = c.waitUntilReady(); err == nil {
			c.StartupTime = time.Since(begin)
			return
		}
		if !strings.Contains(c.Output()[written:], addressInUse) {
			c.tb.Fatalf("%v", err)
		}
		endpoints = freeEndpoints(c.tb, c.options)
	}
	c.tb.Fatalf("%d times in a row a free port was taken before the process listened on it", startAttempts)
}

func (c *Collector) waitUntilReady() error {
	deadline := time.Now().Add(readyTimeout)
	for time.Now().Before(deadline) {
		if c.process.ended() {
			return fmt.Errorf("%s ended with exit code %d before it was ready", c.options.Binary, c.process.exitCode())
		}
		if c.options.Ready(c.Endpoints) {
			return nil
		}
		time.Sleep(5 * time.Millisecond)
	}
	return fmt.Errorf("%s was not ready within %v", c.options.Binary, readyTimeout)
}

func (c *Collector) cleanUp() {
	if c.process != nil && !c.process.ended() {
		c.Kill()
	}
	if c.tb.Failed() {
		c.tb.Logf("what %s wrote:\n%s", filepath.Base(c.options.Binary), c.output)
	}
}

// with returns the options with more arguments.
func (o Options) with(arguments []string) Options {
	o.Arguments = slices.Concat(o.Arguments, arguments)
	return o
}

func (o Options) withDefaults(tb testing.TB) Options {
	tb.Helper()
	if o.Binary == "" {
		o.Binary = DocketBinary(tb)
	}
	if o.Config == "" {
		o.Config = filepath.Join(ModuleRoot(tb), "distribution", "docket.yaml")
	}
	if o.Arguments == nil {
		o.Arguments = []string{"--config", o.Config}
	}
	if o.Directory == "" {
		o.Directory = tb.TempDir()
	}
	if o.DataDir == "" {
		o.DataDir = filepath.Join(o.Directory, "data")
	}
	if o.Host == "" {
		o.Host = metricsHost
	}
	if o.Ready == nil {
		o.Ready = healthy
	}
	return o
}
