// Package explain asks a language model what a log record means.
//
//	record, neighbours ──redact──▶ question ──Model──▶ JSON ──schema──▶ Explanation
//
// A record is written by somebody who may mean ill, and so may tell the model what to
// do. What it can reach is bounded all the same: the model has no tools, its answer must
// have the shape of Explanation, names of fields that the record has not are left out,
// and the values of those it has are taken from the record, not from the answer.
package explain
