// Package alertingprocessor is the processor `alerting`. It evaluates every record
// against the alerts of its project, all at once, and tags it with those that it
// matches, so that checking alerts is counting tags.
package alertingprocessor

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml
