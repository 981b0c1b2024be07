// Package collector runs a collector binary as a child process of a test, as an
// operator would: by its config file and its environment alone.
//
//	docket := collector.Start(t, collector.Options{})
//	… docket.Endpoints.API …
//	docket.Terminate()
//	docket.Restart()
//
// Every process listens on free loopback ports of its own, so that tests and a
// Docket that runs on this machine do not meet. Whatever the test starts is gone
// when the test is over; what it wrote to its log is printed if the test failed.
package collector
