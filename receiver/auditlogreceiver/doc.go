//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml

// Package auditlogreceiver is the receiver `audit_log`: it takes audit events and
// logs in the JSON formats that apps already speak, LogSentry, LogHub and
// CodeMash, over HTTP.
//
// Every request takes the same way, whatever its format:
//
//	read ─▶ authorize ─▶ cut into records ─▶ decode ─▶ find project ─▶ seal ─▶ pipeline ─▶ answer
//
// A format (internal/logsentry, internal/loghub, internal/codemash) decodes one
// record and words the answers; everything else is here, once. The answer comes
// from the pipeline: it is 200 only when the pipeline has taken the records.
package auditlogreceiver
