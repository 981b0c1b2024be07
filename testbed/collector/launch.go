package collector

import (
	"strings"
	"testing"
)

// Launch runs a collector that may end at any moment, also during its start, and
// returns at once: see Exited.
func Launch(tb testing.TB, options Options) *Collector {
	tb.Helper()
	options = options.withDefaults(tb)
	c := &Collector{tb: tb, options: options, DataDir: options.DataDir, output: &output{}}
	tb.Cleanup(c.cleanUp)
	c.Endpoints = freeEndpoints(tb, options)
	process, err := launch(options, c.Endpoints, c.output)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	c.process = process
	return c
}

// Exited is closed when the process has ended.
func (c *Collector) Exited() <-chan struct{} { return c.process.exited }

// LostPort says whether the process found one of its ports taken by somebody else,
// which is nobody's fault and a reason to launch it again.
func (c *Collector) LostPort() bool { return strings.Contains(c.Output(), addressInUse) }

// PID is the process's number.
func (c *Collector) PID() int { return c.process.pid() }

// Killed says whether a signal ended the process, which must have ended.
func (c *Collector) Killed() bool { return c.process.exitCode() == -1 }
