// Package journal is Docket's write-ahead journal: what it has acknowledged is
// on disk, and stays there until whoever applies it says that it may go.
//
// The idea. An fsync costs the same for one entry as for a thousand. So callers
// do not fsync: they put their entry on a list and wait. One goroutine takes all
// that is on the list, writes it with one write and one fsync, wakes those
// callers, and takes what came in meanwhile (group commit). Nobody waits for a
// timer: on an idle journal an Append costs one fsync, and the busier it is, the
// more callers share each one.
//
// Entries are numbered from 1 without gaps. An applier reads them in order,
// makes its own copy durable, then moves its checkpoint; Release drops the
// segments that every applier is through with. After a crash an applier goes on
// behind its checkpoint, so it may see entries twice, but it never misses one.
//
// Segments, their index and their recovery are hashicorp/raft-wal's. It keeps a
// checksum for each commit, which it checks only for the last commit when it
// opens; so each of our entries carries its own, checked whenever it is read.
//
// An entry so says by itself whether it is whole, and which one it is. Inspect
// rests on that: it walks through the files without raft-wal, and behind a damage
// finds the next entry again. Open refuses what it meets, Verify what is damaged
// anywhere behind the checkpoint, and Repair makes a new journal of all that is
// whole. What a crash leaves is never a damage.
//
// System calls of one commit, in their order:
//
//	pwrite(segment, [entries… commit frame])    one call for all waiting callers
//	fsync(segment)
//	fsync(directory)                            only for a segment's first commit
//	→ the callers return
//	when the segment is full, before the callers return:
//	  openat(segment), pread, close             to read it from then on, see thriftyFiler
//	and before the next commit:
//	  pwrite + fdatasync(wal-meta.db), twice    the list of segments (bbolt)
//	  openat(O_CREAT|O_EXCL), fallocate(next segment)
//
// Files in the directory: FORMAT (our format version), wal-meta.db (the list of
// segments and the checkpoints), *.wal (the segments).
//
// On fsync: after an fsync has failed, the kernel may have marked the pages clean
// without having written them, so that a second fsync succeeds and the data is
// gone (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX
// ATC 2020; PostgreSQL's "fsyncgate"). Therefore a failed write or fsync poisons
// the journal until it is opened again, and opening writes the last commit anew
// before anything is put behind it.
package journal
