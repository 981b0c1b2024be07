// Package normalizeprocessor is the processor `normalize`. Whatever a record came
// by, after it the record has a severity number, a project, an id, its times and
// a hash (package record), and the sender was allowed to write to that project.
package normalizeprocessor

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml
