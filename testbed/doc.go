// Package testbed holds the end-to-end tests: they run the real binary as a child
// process (package collector), speak to it as its users' programs do (package
// client), and know Docket's public contracts only.
//
// `make test` builds the binary and runs them. To run them by hand:
//
//	make build
//	go test ./testbed/
//
// DOCKET_BINARY tests another binary than bin/docket. `make test-long` kills Docket
// more often and posts more records than the same test does in `make test`, and stops its
// cluster for longer, for as long as DOCKET_TEST_OUTAGE says ("1h");
// DOCKET_TEST_KILLS and DOCKET_TEST_RECORDS say how many, and DOCKET_TEST_SEED, which
// is logged, repeats a run's choices.
package testbed
