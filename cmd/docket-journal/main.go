// Command docket-journal checks and repairs the journal of a stopped Docket.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/journal/journaltool"
	"github.com/docketlog/docket/internal/logstore/journaled"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := journaltool.Run(ctx, os.Args[1:], os.Stdout, os.Stderr, decode)
	stop()
	os.Exit(code)
}

func decode(payload []byte) (plog.Logs, error) {
	entry, err := journaled.DecodeEntry(payload)
	return entry.Logs, err
}
