package journal

import (
	"fmt"
	"runtime"

	"github.com/hashicorp/raft"
)

// commitAll is the committer: the only goroutine that writes entries. It ends
// when the journal is closing and nothing waits.
func (j *Journal) commitAll() {
	defer close(j.finished)
	for {
		batch, index, position := j.take()
		if len(batch) == 0 {
			return
		}
		j.settle(batch, index, j.store(batch, index, position))
	}
}

// take blocks until entries wait and returns the first of them, at most about
// maxCommitBytes, with the index and the position before them. It returns none
// when the journal is closing and nothing waits.
func (j *Journal) take() (batch []*request, index uint64, position int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.gather() {
		return nil, j.last, j.position
	}
	count := 0
	for bytes := int64(0); count < len(j.waiting) && bytes < maxCommitBytes; count++ {
		bytes += frameSize(len(j.waiting[count].payload) + headerBytes + logBytes)
	}
	batch = j.waiting[:count:count]
	j.waiting = j.waiting[count:]
	if len(j.waiting) == 0 {
		j.waiting = nil // or the array would keep the batch's payloads alive
	}
	return batch, j.last, j.position
}

// gather blocks until entries wait, and then lets callers that are about to append
// go first: the fsync that follows serves them too. It costs nothing on an idle
// machine, where nobody else wants to run, and makes the groups larger on a busy
// one. It returns false when the journal is closing and nothing waits. The caller
// holds mu, which is free meanwhile.
func (j *Journal) gather() bool {
	for {
		for len(j.waiting) == 0 {
			if j.closing {
				return false
			}
			j.work.Wait()
		}
		j.mu.Unlock()
		runtime.Gosched()
		j.mu.Lock()
		if len(j.waiting) > 0 { // unless all of them have withdrawn
			return true
		}
	}
}

// store makes the batch durable. The system calls are listed in the package's
// comment.
func (j *Journal) store(batch []*request, index uint64, position int64) error {
	headers := make([]byte, len(batch)*headerBytes)
	entries := make([]raft.Log, len(batch))
	logs := make([]*raft.Log, len(batch))
	for i, r := range batch {
		index++
		position += int64(len(r.payload))
		header := headers[i*headerBytes : (i+1)*headerBytes]
		putHeader(header, r.checksum, index, position)
		entries[i] = raft.Log{Index: index, Extensions: header, Data: r.payload}
		logs[i] = &entries[i]
	}
	return j.log.StoreLogs(logs)
}

// settle tells everyone what became of the batch. A failure is everyone's: the
// segment's end is unknown now, and nothing may be written behind it. But only the
// batch's own entries may have been stored all the same.
func (j *Journal) settle(batch []*request, index uint64, err error) {
	j.mu.Lock()
	if err != nil {
		j.failure = fmt.Errorf("%w: %w", ErrFailed, err)
		for _, r := range batch {
			r.err = fmt.Errorf("%w: %w", ErrUnknown, j.failure)
		}
		for _, r := range j.waiting {
			r.err = j.failure
		}
		batch = append(batch, j.waiting...)
		j.waiting = nil
	}
	for _, r := range batch {
		if r.err != nil {
			continue
		}
		index++
		r.index = index
		j.position += int64(len(r.payload))
		j.recent.add(index, recentEntry{r.payload, r.companion})
		j.stats.Appends++
		j.stats.Bytes += int64(len(r.payload))
	}
	if err == nil {
		j.last = index
		j.stats.Commits++
		j.wakeReaders()
	}
	j.mu.Unlock()
	for _, r := range batch {
		close(r.done)
	}
}

// recent is the newest entries, by index, without gaps.
type recent struct {
	// first is the index of entries[0].
	first   uint64
	entries []recentEntry
	// bytes are those of the payloads.
	bytes int
}

type recentEntry struct {
	payload   []byte
	companion any
}

func (r *recent) add(index uint64, entry recentEntry) {
	if len(r.entries) == 0 {
		r.first = index
	}
	r.entries = append(r.entries, entry)
	r.bytes += len(entry.payload)
	for r.bytes > maxRecentBytes {
		r.dropFirst()
	}
}

// dropThrough forgets the entries up to and with through.
func (r *recent) dropThrough(through uint64) {
	for len(r.entries) > 0 && r.first <= through {
		r.dropFirst()
	}
	if len(r.entries) == 0 {
		r.entries = nil
	}
}

func (r *recent) dropFirst() {
	r.bytes -= len(r.entries[0].payload)
	r.entries[0] = recentEntry{}
	r.entries = r.entries[1:]
	r.first++
}

func (r *recent) get(index uint64) (entry recentEntry, ok bool) {
	if index < r.first || index >= r.first+uint64(len(r.entries)) {
		return recentEntry{}, false
	}
	return r.entries[index-r.first], true
}
