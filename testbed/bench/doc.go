// Package bench measures the real binary. `make bench` runs it:
//
//	go test -run '^$' -bench . -benchtime 1x ./testbed/bench/
//
// A rate by itself says as much about the machine as about Docket. So each
// benchmark measures Docket beside others that do a part of the same work, or the
// same work in another way, under the same load, in rounds that alternate in random
// order, and reports the ratios. With -short the rounds are few and short: enough to
// see that the benchmark works, not to believe its figures. The lines are Go's
// benchmark lines: run with -count 10 for benchstat.
//
// With DOCKET_BENCH_REPORT, the name of a folder, each benchmark leaves its results there
// as Markdown, and what was reached of Aims. The command machine makes docs/benchmarks.md
// of them, in the order of Chapters. With DOCKET_BINARY, that Docket is measured.
package bench
