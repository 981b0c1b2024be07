// Package logstoreexporter is the log_store exporter: it hands log records to the
// log store of a log_store extension, and returns only when they are durable.
package logstoreexporter

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml
