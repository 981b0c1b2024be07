// Package bench measures the real binary. `make bench` runs it:
//
//	go test -run '^$' -bench . -benchtime 1x ./testbed/bench/
//
// A rate by itself says as much about the machine as about Docket. So each
// benchmark measures Docket beside something that does the unavoidable part of the
// same work, under the same load, in alternating rounds, and reports the ratio.
// The lines are Go's benchmark lines: run with -count 10 for benchstat.
package bench
