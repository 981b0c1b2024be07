// Package requests remembers which requests with an Idempotency-Key have stored
// records, and under which ids and hashes.
//
// The records themselves say by which request they came: the receiver writes its
// key, its digest and their place in it into their attributes. So whatever makes
// the records durable makes the request durable, in the same fsync:
//
//	records ── Of ──▶ requests ── AppendBinary ──▶ beside the records in the journal
//	                                                  │
//	                  answer ◀── Find ── Index ◀─ Put ┘ ParseBinary
//
// The Index is only a faster way to ask the journal: what it lacks after a crash
// is put into it again.
package requests
