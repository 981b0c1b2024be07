package journal

import (
	"errors"
	"io"
)

const (
	// windowBytes is how much is read at once. A frame that is longer makes the
	// window larger.
	windowBytes = 1 << 20
	// blockBytes is what is given up when a disk cannot read it.
	blockBytes = 4 << 10
)

// window reads a file front to back in large pieces, and gives out ranges of it.
type window struct {
	file io.ReaderAt
	size int64

	// buffer holds the bytes of the file from start on.
	buffer []byte
	start  int64
	// unreadable are the blocks that the disk did not give out; they read as zeros.
	unreadable []span
	// failure is the first error of the disk.
	failure error
}

// span is a range of a file.
type span struct{ offset, bytes int64 }

func newWindow(file io.ReaderAt, size int64) *window { return &window{file: file, size: size} }

// at returns length bytes from offset on, or fewer at the file's end. They are
// valid until the next call.
func (w *window) at(offset, length int64) []byte {
	length = min(length, w.size-offset)
	if offset < 0 || length <= 0 {
		return nil
	}
	if offset < w.start || offset+length > w.start+int64(len(w.buffer)) {
		w.fill(offset, min(max(length, windowBytes), w.size-offset))
	}
	from := offset - w.start
	return w.buffer[from : from+length]
}

func (w *window) fill(offset, length int64) {
	if int64(cap(w.buffer)) < length {
		w.buffer = make([]byte, length)
	}
	w.buffer, w.start = w.buffer[:length], offset
	n, err := w.file.ReadAt(w.buffer, offset)
	if err == nil || errors.Is(err, io.EOF) {
		clear(w.buffer[n:]) // the file has become shorter meanwhile
		return
	}
	if w.failure == nil {
		w.failure = err
	}
	for at := int64(0); at < length; {
		next := min((offset+at)/blockBytes*blockBytes+blockBytes-offset, length)
		block, begin := w.buffer[at:next], offset+at
		at = next
		n, err := w.file.ReadAt(block, begin)
		if err == nil || errors.Is(err, io.EOF) {
			clear(block[n:])
			continue
		}
		clear(block)
		w.unreadable = append(w.unreadable, span{begin, int64(len(block))})
	}
}

// isUnreadable reports whether the disk did not give out some byte of the range.
func (w *window) isUnreadable(offset, length int64) bool {
	for _, s := range w.unreadable {
		if offset < s.offset+s.bytes && s.offset < offset+length {
			return true
		}
	}
	return false
}

// endOfData is the offset behind the last byte, from offset on, that is not zero,
// rounded up to whole frame headers; offset when there is none.
func (w *window) endOfData(offset int64) int64 {
	end := offset
	for at := offset; at < w.size; {
		piece := w.at(at, windowBytes)
		for i := len(piece) - 1; i >= 0; i-- {
			if piece[i] != 0 {
				end = at + int64(i) + 1
				break
			}
		}
		at += int64(len(piece))
	}
	return min(w.size, offset+(end-offset+frameHeaderBytes-1)/frameHeaderBytes*frameHeaderBytes)
}
