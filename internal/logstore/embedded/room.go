package embedded

import (
	"slices"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
)

const (
	// chunkFields is how many fields have room in a chunk: those of some 700 rows.
	chunkFields = 16 << 10
	// keptChunks is how many chunks are used again: those of most batches.
	keptChunks = 12
)

// fieldRoom is where the fields of a batch of rows are, so that not each row needs memory of
// its own. It is not safe for concurrent use.
type fieldRoom struct {
	chunks [][]logstorage.Field
	// inUse is how many chunks have fields in them; the last is being filled.
	inUse int
}

// take returns an empty slice with room for so many fields at least, until the next take.
func (r *fieldRoom) take(fields int) []logstorage.Field {
	if r.inUse == 0 || cap(r.chunks[r.inUse-1])-len(r.chunks[r.inUse-1]) < fields {
		r.begin(fields)
	}
	chunk := r.chunks[r.inUse-1]
	return chunk[len(chunk):]
}

// begin begins a chunk that has room for so many fields at least.
func (r *fieldRoom) begin(fields int) {
	if r.inUse == len(r.chunks) || cap(r.chunks[r.inUse]) < fields {
		r.chunks = append(r.chunks[:r.inUse], make([]logstorage.Field, 0, max(chunkFields, fields)))
	}
	r.inUse++
}

// keep keeps until release what was appended to the slice that take returned last, which may
// have outgrown its room.
func (r *fieldRoom) keep(fields []logstorage.Field) []logstorage.Field {
	chunk := &r.chunks[r.inUse-1]
	if cap(fields) == cap(*chunk)-len(*chunk) {
		*chunk = (*chunk)[:len(*chunk)+len(fields)]
	}
	return slices.Clip(fields)
}

// release ends the use of all that was kept.
func (r *fieldRoom) release() {
	kept := r.chunks[:0]
	for i, chunk := range r.chunks {
		if i < r.inUse {
			clear(chunk[:cap(chunk)])
		}
		if cap(chunk) == chunkFields && len(kept) < keptChunks { // else of a record with very many attributes
			kept = append(kept, chunk[:0])
		}
	}
	clear(r.chunks[len(kept):])
	r.chunks, r.inUse = kept, 0
}
