package elasticsearch

import (
	"context"

	"go.uber.org/zap"
)

// transportLogger is what the transport writes to: that a discovery failed.
type transportLogger struct{ logger *zap.Logger }

// Debug does not log: what the transport tells is each node of each discovery.
func (l transportLogger) Debug(context.Context, string, ...any) {}

func (l transportLogger) Info(_ context.Context, message string, fields ...any) {
	l.logger.Sugar().Infow(message, fields...)
}

func (l transportLogger) Warn(_ context.Context, message string, fields ...any) {
	l.logger.Sugar().Warnw(message, fields...)
}

// Error logs a warning: the nodes that are known are used on.
func (l transportLogger) Error(_ context.Context, message string, fields ...any) {
	l.logger.Sugar().Warnw(message, fields...)
}
