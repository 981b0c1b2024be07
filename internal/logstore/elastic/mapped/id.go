package mapped

import (
	"crypto/sha256"
	"encoding/base64"

	"github.com/google/uuid"
)

// generatedBytes is how many bytes an _id has that the cluster has made.
const generatedBytes = 15

// Bits of a UUID of version 8: the version, the variant, and that the rest is a digest.
const (
	version8Bits = 8 << 4
	variantBits  = 2 << 6
	digestBit    = 1 << 5
)

// idOf returns the id of a record for the one of its document, which may be any text: a
// UUID, as ids of records are everywhere else. One that is a UUID already stays so, one
// that the cluster has made is all in its UUID, and of others that has a digest.
func idOf(text string) string {
	if parsed, err := uuid.Parse(text); err == nil && parsed.String() == text {
		return text
	}
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err == nil && len(decoded) == generatedBytes {
		return pack([generatedBytes]byte(decoded), 0).String()
	}
	digest := sha256.Sum256([]byte(text))
	return pack([generatedBytes]byte(digest[:generatedBytes]), digestBit).String()
}

// textOfID is the inverse of idOf; ok is false if that is not known.
func textOfID(id string) (text string, ok bool) {
	parsed, err := uuid.Parse(id)
	if err != nil || parsed.String() != id {
		return "", false
	}
	if parsed.Version() != 8 || parsed.Variant() != uuid.RFC4122 {
		return id, true
	}
	if parsed[8]&digestBit != 0 {
		return "", false
	}
	bytes := unpack(parsed)
	return base64.RawURLEncoding.EncodeToString(bytes[:]), true
}

// pack puts bytes between the fixed bits of a UUID.
func pack(bytes [generatedBytes]byte, flag byte) uuid.UUID {
	var packed uuid.UUID
	copy(packed[:6], bytes[:6])
	packed[6] = version8Bits | bytes[6]>>4
	packed[7] = bytes[6]<<4 | bytes[7]>>4
	packed[8] = variantBits | flag | bytes[7]&0xf
	copy(packed[9:], bytes[8:])
	return packed
}

// unpack is the inverse of pack.
func unpack(packed uuid.UUID) (bytes [generatedBytes]byte) {
	copy(bytes[:6], packed[:6])
	bytes[6] = packed[6]<<4 | packed[7]>>4
	bytes[7] = packed[7]<<4 | packed[8]&0xf
	copy(bytes[8:], packed[9:])
	return bytes
}
