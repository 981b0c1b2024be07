package journal

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/hashicorp/raft"
)

// An entry is stored as a raft.Log (raft-wal's segments can be reopened only with
// its own codec). Its Data is the payload, its Extensions our header:
//
//	byte 0      entryFormat
//	bytes 1-4   CRC-32C of the payload, the index and the position, in this order
//	bytes 5-12  position
//
// The position is the number of payload bytes of all entries up to and with this
// one, so that the size of any range of entries is one subtraction. The index is
// part of the checksum but not of the bytes, so an entry in a wrong place is
// noticed. Integers are little endian.
const (
	entryFormat = 1
	headerBytes = 13

	// logBytes bounds what raft-wal's codec adds to the payload and our header.
	logBytes = 48
)

// entry is what is read back.
type entry struct {
	position int64
	payload  []byte
}

func checksum(payload []byte) uint32 {
	return crc32.Checksum(payload, crc32.MakeTable(crc32.Castagnoli))
}

// putHeader fills header (headerBytes long) for an entry whose payload has the
// given checksum.
func putHeader(header []byte, payloadChecksum uint32, index uint64, position int64) {
	header[0] = entryFormat
	binary.LittleEndian.PutUint64(header[5:], uint64(position)) //nolint:gosec // never negative
	binary.LittleEndian.PutUint32(header[1:], headerChecksum(payloadChecksum, index, header[5:headerBytes]))
}

func headerChecksum(payloadChecksum uint32, index uint64, position []byte) uint32 {
	covered := make([]byte, 0, 16)
	covered = binary.LittleEndian.AppendUint64(covered, index)
	covered = append(covered, position...)
	return crc32.Update(payloadChecksum, crc32.MakeTable(crc32.Castagnoli), covered)
}

// parseEntry checks what was read at index.
func parseEntry(index uint64, log *raft.Log) (entry, error) {
	return parseHeader(index, log.Extensions, log.Data)
}

func parseHeader(index uint64, header, payload []byte) (entry, error) {
	if len(header) != headerBytes {
		return entry{}, fmt.Errorf("%w: entry %d has a header of %d bytes, not %d", ErrCorrupt, index, len(header), headerBytes)
	}
	if header[0] != entryFormat {
		return entry{}, fmt.Errorf("%w: entry %d has format %d, supported is %d", ErrCorrupt, index, header[0], entryFormat)
	}
	want := binary.LittleEndian.Uint32(header[1:])
	if got := headerChecksum(checksum(payload), index, header[5:]); got != want {
		return entry{}, fmt.Errorf("%w: entry %d has checksum %08x, its header says %08x", ErrCorrupt, index, got, want)
	}
	position := int64(binary.LittleEndian.Uint64(header[5:])) //nolint:gosec // the checksum says that we wrote it
	return entry{position: position, payload: payload}, nil
}
