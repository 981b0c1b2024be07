//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml

// Package alerteventsreceiver is the receiver `alert_events`: it brings the records of what
// happens to alerts into a pipeline, so that any exporter can send them on.
//
//	alerting extension: event ─▶ log store ─▶ ConsumeEvents ─▶ this receiver ─▶ pipeline
//
// The extension keeps each event until the pipeline has answered, and decides by the answer
// whether it is offered again: see the package eventrecord. Nothing is kept here.
package alerteventsreceiver
