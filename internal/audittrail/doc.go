// Package audittrail keeps the audit trail of Docket itself: who changed what in it, from
// where, what was there before and after; who took records out; who tried to get in, and
// what was refused.
//
// Each event is a record in the project tenant.AuditProjectID, in the form that the
// receiver audit_log gives to LogHub's events, sealed as any other, and appended through
// the same journal. So it is searched, exported and verified as any other, and nothing
// that comes from outside gets among them.
//
//	Note ──▶ queue ── one goroutine: redact, seal ──▶ logstore.Writer
//
// An event is put down after what it tells of is done, and what it tells of is in another
// store. Nothing could make the two one: a crash between them leaves a change without a
// record, whether or not its request waits for the record. Waiting would only make that
// moment a little shorter, for the price of an fsync in each request, and of requests
// that fail because the log store is full though what they want has been done. So
// requests wait for nothing. The queue is empty but for some milliseconds; while the store
// takes nothing it grows up to a limit, and what is beyond that is lost, which is logged
// and counted.
//
// Failed sign-ins can be had by anybody for free, and refused changes by whoever has some
// key, so only some of them become records, and the rest is counted: see flood.
//
// Secrets are taken out before anything is stored: by the names of the members that hold
// them and by how they look. No event has a key.
package audittrail
