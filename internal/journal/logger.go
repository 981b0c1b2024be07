package journal

import (
	"io"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/zap"
)

// libraryLogger lets raft-wal's warnings and errors appear in our log.
func libraryLogger(logger *zap.Logger) hclog.Logger {
	bridge := hclog.NewInterceptLogger(&hclog.LoggerOptions{Output: io.Discard})
	bridge.RegisterSink(zapSink{logger})
	return bridge
}

type zapSink struct{ logger *zap.Logger }

// Accept implements hclog.SinkAdapter.
func (s zapSink) Accept(_ string, level hclog.Level, message string, args ...any) {
	switch {
	case level >= hclog.Error:
		s.logger.Error("journal segments: "+message, zap.Any("details", args))
	case level == hclog.Warn:
		s.logger.Warn("journal segments: "+message, zap.Any("details", args))
	}
}
