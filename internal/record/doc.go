// Package record defines what a Docket record is: the names of its attributes,
// its severity table, its id, its canonical bytes and its hash.
//
// A record is one OpenTelemetry log record together with its resource and its
// scope. Everything Docket adds to what the sender gave is an attribute named
// in this package, so that a record is complete in any OpenTelemetry tool.
package record
