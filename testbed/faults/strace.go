// Package faults makes system calls of a program fail, by strace's injection, and
// reads in strace's log what happened. It works on Linux, where strace may trace:
// for a process of the same user, unless the system forbids it.
package faults

import (
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// Injection says which calls fail, and how.
type Injection struct {
	// Call is the system call's name, such as "fsync".
	Call string
	// Effect is what strace does instead of the call, such as "error=EIO", or before
	// it, such as "signal=SIGKILL".
	Effect string
	// When says which calls: "3" is each thread's third, "3+" that and all later
	// ones, "3+2" that and every second later one. Calls that do not concern Paths
	// are not counted.
	When string
	// Paths are the files and folders that are meant; none means any, and sockets.
	Paths []string
}

// Command returns the command line that runs a program with the injection. What
// Call does is written to the log file. The program is the child of whoever starts
// the command, and strace a process beside it, so that signals, the exit code and
// /proc are the program's own.
func (i Injection) Command(log, program string, arguments []string) (binary string, all []string) {
	options := []string{
		"--trace=" + i.Call,
		"--inject=" + i.Call + ":" + i.Effect + ":when=" + i.When,
	}
	for _, path := range i.Paths {
		options = append(options, "--trace-path="+path)
	}
	if !strings.HasPrefix(i.Effect, "signal=") {
		// All other calls run at full speed; but a signal is lost that is sent where
		// this option makes a process stop.
		options = append(options, "--seccomp-bpf")
	}
	return command(options, log, program, arguments)
}

// TraceCommand is the command line that runs a program without a fault, and writes
// every call that concerns files to the log file.
func TraceCommand(log, program string, arguments []string) (binary string, all []string) {
	return command([]string{"--trace=%file,%desc", "--seccomp-bpf"}, log, program, arguments)
}

func command(options []string, log, program string, arguments []string) (binary string, all []string) {
	all = append([]string{
		"--daemonize", "--follow-forks", "--signal=none", "--decode-fds=path", "--output=" + log,
	}, options...)
	all = append(all, "--", program)
	return "strace", append(all, arguments...)
}

// install runs once a process, since two package managers would be in each other's
// way.
var install = sync.OnceValues(func() (output []byte, err error) { //nolint:gochecknoglobals // it guards the machine's state
	if _, err := exec.LookPath("strace"); err == nil {
		return nil, nil
	}
	return exec.Command("apt-get", "install", "-y", "strace").CombinedOutput() //nolint:noctx // go test's time limit bounds it
})

// Install makes sure that there is strace, and fails the test if there can be none.
func Install(tb testing.TB) {
	tb.Helper()
	if output, err := install(); err != nil {
		tb.Fatalf("this test needs strace, which is not here and cannot be installed (%v; as root on Debian it installs it): %s",
			err, output)
	}
}
