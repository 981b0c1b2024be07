// Package journaled makes a durable logstore.Store out of a journal and a
// backend that by itself has no durability point for a write.
//
//	Append ── encode ──▶ journal (fsync) ──▶ nil
//	                        │ in order, behind the checkpoint
//	                     applier ── batches ──▶ Backend.Apply ──▶ found by Search
//	                        │ every ten seconds
//	                        └── Backend.Sync ──▶ checkpoint ──▶ release of the journal
//
// What Append has acknowledged is in the journal; what the checkpoint has passed
// is durable in the backend. Between the two a record is in the journal for
// certain and perhaps in the backend. So whatever lay in the journal behind the
// checkpoint when the store was opened is applied as replayed, and the backend
// leaves out what it has. An error of the backend never loses a record and never
// lets one be skipped: the applier tries again until it succeeds, the journal
// grows, and when it is full, Append answers that the store is unavailable. So it
// does when the disk is nearly full (Reserve), while reads and the applier go on.
package journaled
