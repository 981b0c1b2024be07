package embedded_test

import "go.uber.org/goleak"

// engineGoroutines are those that the engine's packages start when they are
// loaded or first used, a fixed number for the process, and never end. None
// belongs to a backend.
func engineGoroutines() []goleak.Option {
	const library = "github.com/VictoriaMetrics/VictoriaMetrics/lib/"
	return []goleak.Option{
		goleak.IgnoreAnyFunction(library + "logger.newLogThrottler.func1"),
		goleak.IgnoreAnyFunction(library + "fasttime.init.0.func1"),
		goleak.IgnoreAnyFunction(library + "timeutil.init.0.func1"),
		goleak.IgnoreAnyFunction(library + "bytesutil.newInternStringMap.func1"),
		goleak.IgnoreAnyFunction(library + "blockcache.(*Cache).cleaner"),
		goleak.IgnoreAnyFunction("github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage.init.0.func1"),
		goleak.IgnoreAnyFunction("github.com/VictoriaMetrics/metrics.summariesSwapCron"),
	}
}
