// Package logstoretest tells what a logstore.Reader and a logstore.Analyst must
// answer.
//
// Reference looks at every record for every question; it is written from the comments
// of the interfaces, to be read. It stands for a store in the tests of what asks
// stores. Conformance asks a backend and the reference the same random questions about
// the same random records and compares the answers.
package logstoretest
