package journal

import (
	"encoding/binary"
	"fmt"
)

const (
	// raft-wal's codec writes of an entry: index, term, type (varints; the last two
	// are 0 in ours), length and bytes of the payload, length and bytes of our
	// header, and a time of timeBytes (the zero time).
	timeBytes = 15
	// afterPayload is what follows the payload.
	afterPayload = 1 + headerBytes + timeBytes
	// minEntryFrame and maxEntryFrame bound an entry's frame beside its payload.
	minEntryFrame = frameHeaderBytes + 4 + afterPayload
	maxEntryFrame = 2*frameHeaderBytes + logBytes
)

// found is an entry in a segment file, read without raft-wal's help.
type found struct {
	index  uint64
	offset int64
	// bytes is the frame's size in the file.
	bytes int64
	entry // payload is valid until the window moves
}

func (f *found) begin() int64 { return f.position - int64(len(f.payload)) }

// readFrame reads the entry at the offset, when everything about it is as it was
// written. What it returns was written by a journal at this index, for the
// checksum covers payload, index and position.
func readFrame(w *window, offset int64) (found, error) {
	header := w.at(offset, frameHeaderBytes)
	if !isFrame(header, frameEntry) {
		return found{}, fmt.Errorf("no entry begins with % x", header)
	}
	length := int64(binary.LittleEndian.Uint32(header[4:]))
	size := frameHeaderBytes + length
	if length > MaxPayloadBytes+logBytes || offset+size > w.size {
		return found{}, fmt.Errorf("an entry's frame says that it has %d bytes", length)
	}
	log := w.at(offset, size)[frameHeaderBytes:]
	index, n := binary.Uvarint(log)
	if n <= 0 || len(log) < n+2 || log[n] != 0 || log[n+1] != 0 {
		return found{}, errBroken
	}
	payloadBytes, m := binary.Uvarint(log[n+2:])
	begin := int64(n + 2 + m)
	if m <= 0 || payloadBytes > MaxPayloadBytes || begin+int64(payloadBytes)+afterPayload != length { //nolint:gosec // bounded
		return found{}, errBroken
	}
	payload, rest := log[begin:length-afterPayload], log[length-afterPayload:]
	e, err := parseHeader(index, rest[1:1+headerBytes], payload)
	if err != nil {
		return found{}, err
	}
	if rest[0] != headerBytes || string(rest[1+headerBytes:]) != zeroTime {
		return found{}, errBroken
	}
	return found{index: index, offset: offset, bytes: frameSize(int(length)), entry: e}, nil
}

var errBroken = fmt.Errorf("%w: an entry's frame is not as it was written", ErrCorrupt) //nolint:gochecknoglobals // a constant

// zeroTime is how raft-wal's codec writes the time that our entries do not have.
const zeroTime = "\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff"

// salvageFrame reads the entry of the given index at the offset although what
// surrounds payload and header there is damaged: it follows from the index and
// one of the two lengths.
func salvageFrame(w *window, offset int64, index uint64) (found, bool) {
	begin := frameHeaderBytes + int64(len(binary.AppendUvarint(nil, index))) + 2
	start := w.at(offset, begin+binary.MaxVarintLen64)
	if int64(len(start)) <= begin {
		return found{}, false
	}
	frameBytes := int64(binary.LittleEndian.Uint32(start[4:]))
	payloadBytes, n := binary.Uvarint(start[begin:])
	if n > 0 && payloadBytes <= MaxPayloadBytes {
		if f, ok := salvagePayload(w, offset, index, begin+int64(n), int64(payloadBytes)); ok { //nolint:gosec // bounded
			return f, true
		}
	}
	for n := int64(1); n <= 4; n++ {
		payloadBytes := frameHeaderBytes + frameBytes - begin - n - afterPayload
		if payloadBytes < 0 || payloadBytes > MaxPayloadBytes ||
			int64(len(binary.AppendUvarint(nil, uint64(payloadBytes)))) != n {
			continue
		}
		if f, ok := salvagePayload(w, offset, index, begin+n, payloadBytes); ok {
			return f, true
		}
	}
	return found{}, false
}

func salvagePayload(w *window, offset int64, index uint64, begin, payloadBytes int64) (found, bool) {
	size := begin + payloadBytes + afterPayload
	if offset+size > w.size {
		return found{}, false
	}
	frame := w.at(offset, size)
	header := append([]byte(nil), frame[size-afterPayload+1:size-timeBytes]...)
	header[0] = entryFormat
	e, err := parseHeader(index, header, frame[begin:begin+payloadBytes])
	return found{index: index, offset: offset, bytes: frameSize(int(size - frameHeaderBytes)), entry: e}, err == nil
}
