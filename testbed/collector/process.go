package collector

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// process is one run of the binary. A goroutine waits for its end; exited is
// closed after that, and only then may exitCode be asked.
type process struct {
	command *exec.Cmd
	exited  chan struct{}
}

func launch(options Options, endpoints Endpoints, written *output) (*process, error) {
	// The process outlives this call and is ended by a signal, hence no deadline.
	command := exec.CommandContext(context.Background(), options.Binary, options.Arguments...) //nolint:gosec // tests choose it
	command.Dir = options.Directory
	command.Env = environment(options, endpoints)
	command.Stdout, command.Stderr = written, written
	command.SysProcAttr = attributes()
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", options.Binary, err)
	}
	p := &process{command: command, exited: make(chan struct{})}
	go func() {
		defer close(p.exited)
		_ = command.Wait() // its only news, the exit code, is in ProcessState
	}()
	return p, nil
}

func (p *process) pid() int { return p.command.Process.Pid }

func (p *process) signal(signal syscall.Signal) {
	_ = p.command.Process.Signal(signal) // fails only when the process has ended, which is as good
}

func (p *process) ended() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

func (p *process) exitCode() int { return p.command.ProcessState.ExitCode() }

// environment is the test's own without its DOCKET_ variables, and what the
// options and endpoints say.
func environment(options Options, endpoints Endpoints) []string {
	var variables []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "DOCKET_") {
			variables = append(variables, variable)
		}
	}
	variables = append(variables, "DOCKET_DATA_DIR="+options.DataDir)
	variables = append(variables, endpoints.environment()...)
	if options.AdminKey != "" {
		variables = append(variables, "DOCKET_ADMIN_KEY="+options.AdminKey)
	}
	variables = append(variables, options.Environment...)
	return slices.DeleteFunc(variables, func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(options.Unset, name)
	})
}

// output keeps what a process writes. It may be read while the process runs.
type output struct {
	mutex sync.Mutex
	text  []byte
}

func (o *output) Write(p []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.text = append(o.text, p...)
	return len(p), nil
}

func (o *output) String() string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return string(o.text)
}
