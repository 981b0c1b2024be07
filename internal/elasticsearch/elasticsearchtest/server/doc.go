// Package server installs and runs the real Elasticsearch and OpenSearch servers that
// tests talk to. It knows nothing of tests: see elasticsearchtest.
//
// The servers are the archives that both projects publish for integration tests, which
// Maven's client fetches. They are unpacked into build/servers, which is not under
// version control. A process has its settings, data and logs in a temporary folder of its
// own, so that any number of them share one unpacked archive. It listens on the loopback
// interface only, never runs as root, and ends with the process that started it.
package server
