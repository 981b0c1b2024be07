package embedded

import (
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/logger"
	"go.uber.org/zap"
)

// engine is the part of the storage engine that all backends of a process share,
// as the engine has it in global variables: its settings and its log.
var engine engineGlobals //nolint:gochecknoglobals // see above

type engineGlobals struct {
	once sync.Once
	// err is the error of once.
	err error

	mu sync.Mutex
	// loggers are those of the open backends, in the order of opening. The
	// engine's log does not say which backend it is about; the last gets it.
	loggers []*zap.Logger
}

// configure sets the engine's settings, if this is the first call in the process.
// They are flags of the process, to be set before the engine is first used.
//
// The engine registers them with the flag package and insists that flags are
// parsed. The collector parses a flag set of its own, so neither do its users see
// these flags nor does the empty parse here take any of theirs.
func (e *engineGlobals) configure(memoryLimitBytes int64) error {
	e.once.Do(func() { e.err = e.set(memoryLimitBytes) })
	return e.err
}

func (e *engineGlobals) set(memoryLimitBytes int64) error {
	settings := map[string]string{
		"memory.allowedBytes":     strconv.FormatInt(memoryLimitBytes, 10),
		"loggerLevel":             "WARN",
		"loggerDisableTimestamps": "true",
	}
	for name, value := range settings {
		if err := flag.Set(name, value); err != nil {
			return fmt.Errorf("set the engine's %s: %w", name, err)
		}
	}
	if !flag.Parsed() {
		if err := flag.CommandLine.Parse(nil); err != nil {
			return fmt.Errorf("parse the engine's settings: %w", err)
		}
	}
	// The function's name notwithstanding, this is the engine's only way to keep
	// its log off stderr.
	logger.SetOutputForTests(e)
	return nil
}

// addLogger makes the engine log to a logger until remove is called.
func (e *engineGlobals) addLogger(log *zap.Logger) (remove func()) {
	log = log.WithOptions(zap.WithCaller(false)) // the engine says it better
	e.mu.Lock()
	defer e.mu.Unlock()
	e.loggers = append(e.loggers, log)
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.loggers = slices.DeleteFunc(e.loggers, func(other *zap.Logger) bool { return other == log })
	}
}

// Write takes a line of the engine's log: level, place and message, separated by
// tabs.
func (e *engineGlobals) Write(line []byte) (int, error) {
	level, rest, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), "\t")
	place, message, _ := strings.Cut(rest, "\t")

	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.loggers) == 0 {
		return len(line), nil
	}
	log := e.loggers[len(e.loggers)-1]
	write := log.Error // also fatal and panic, after which the engine ends the process itself
	if level == "warn" {
		write = log.Warn
	}
	write("storage engine: "+message, zap.String("engine_level", level), zap.String("engine_source", place))
	return len(line), nil
}
