package record

import "crypto/sha256"

// leafPrefix tells the hash of a record from that of an inner node of a Merkle
// tree (RFC 6962 section 2.1), so that records can be put into a transparency
// log with the hash that they have.
const leafPrefix = 0x00

// Hash returns the hash of a record with these canonical bytes: the RFC 6962
// leaf hash, SHA-256 of a zero byte and the bytes.
func Hash(canonical []byte) [sha256.Size]byte {
	digest := sha256.New()
	digest.Write([]byte{leafPrefix})
	digest.Write(canonical)
	var hash [sha256.Size]byte
	digest.Sum(hash[:0])
	return hash
}
