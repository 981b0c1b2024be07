package journal

import (
	"encoding/binary"
	"hash/crc32"
)

// raft-wal's frames begin with their type and three zeros. An entry and an index
// go on with their length; a commit with the CRC-32C of all that lies between it
// and the commit before.
const (
	frameEntry  = 1
	frameIndex  = 2
	frameCommit = 3
)

// holdsCommit reports whether a whole commit follows behind what cannot be read.
// A torn write is the last thing that a process wrote, because each commit begins
// only when the one before is on disk. So a whole commit further on says that the
// bytes before it were acknowledged, and have been damaged since.
func holdsCommit(behind []byte) bool {
	unreadable, _ := readCommit(behind)
	if isCommit(behind, unreadable+frameHeaderBytes) {
		return true // it was a commit frame that was damaged
	}
	for at := 0; at < len(behind); at += frameHeaderBytes {
		if isFrame(behind[at:], frameCommit) && isCommit(behind, at+frameHeaderBytes) {
			return true
		}
	}
	return false
}

func isCommit(frames []byte, at int) bool {
	if at > len(frames) {
		return false
	}
	_, isWhole := readCommit(frames[at:])
	return isWhole
}

// readCommit goes through the frames up to the first commit frame, or up to what
// is none, and returns that one's offset and whether it is a commit frame whose
// checksum fits.
func readCommit(frames []byte) (end int, isWhole bool) {
	for at := int64(0); at+frameHeaderBytes <= int64(len(frames)); {
		header := frames[at:]
		switch number := binary.LittleEndian.Uint32(header[4:]); {
		case isFrame(header, frameCommit):
			sum := crc32.Checksum(frames[:at], crc32.MakeTable(crc32.Castagnoli))
			return int(at), at > 0 && number == sum
		case isFrame(header, frameEntry), isFrame(header, frameIndex):
			next := at + frameSize(int(number))
			if next > int64(len(frames)) {
				return int(at), false
			}
			at = next
		default:
			return int(at), false
		}
	}
	return len(frames), false
}

func isFrame(header []byte, kind byte) bool {
	return len(header) >= frameHeaderBytes && header[0] == kind && header[1] == 0 && header[2] == 0 && header[3] == 0
}
