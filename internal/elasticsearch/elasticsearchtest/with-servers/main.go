// Command with-servers runs a command beside an Elasticsearch and an OpenSearch server,
// and stops them when it has ended:
//
//	go run ./internal/elasticsearch/elasticsearchtest/with-servers go test ./...
//
// The command finds the servers in the environment variables that package
// elasticsearchtest reads. A server that one of them names already is used and not started.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest/server"
)

func main() {
	arguments := os.Args[1:]
	if len(arguments) > 0 && arguments[0] == "--" {
		arguments = arguments[1:]
	}
	if len(arguments) == 0 {
		fmt.Fprintln(os.Stderr, "usage: with-servers [--] COMMAND [ARGUMENT...]")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, arguments)
	stop()
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		os.Exit(exit.ExitCode())
	default:
		fmt.Fprintln(os.Stderr, "with-servers:", err)
		os.Exit(1)
	}
}

// run starts what servers are missing, runs the command, and stops them.
func run(ctx context.Context, arguments []string) error {
	processes, err := server.StartMissing(ctx)
	if err != nil {
		return err
	}
	defer func() {
		for _, process := range processes {
			process.Remove()
		}
	}()
	command := exec.CommandContext(ctx, arguments[0], arguments[1:]...) //nolint:gosec // that is what it is for
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.Env = os.Environ()
	for product, process := range processes {
		command.Env = append(command.Env, server.Variable(product)+"="+process.URL().String())
		fmt.Fprintf(os.Stderr, "with-servers: %s at %s\n", server.ReleaseToTest(product), process.URL())
	}
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 10 * time.Second
	return command.Run()
}
