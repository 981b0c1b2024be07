package record

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Ids are UUIDs of version 7 (RFC 9562). Docket uses the bits that the RFC leaves to chance
// or to whoever makes them, but for the last 50, so:
//
//	48 bits  when the id was made, in ms since 1970
//	 4       the version, 7
//	12       how long before or after that the record's timestamp is (see distance)
//	 2       the variant
//	12       a number that counts upwards within the millisecond
//	50       chance
//
// So an id tells about when its record is, and whoever looks for it need not look anywhere
// else: within 1/64 of the distance, which for most is a few ms. Ids of records with the same
// timestamp sort as they were made.
const (
	idLength = 36
	// significant is how many bits of a distance are kept, after the first 1.
	significant = 6
	// largestSize is that of 2^37 ms, four years, and everything beyond.
	largestSize = 1<<11 - 1
	// isAfter is set unless the timestamp is before the id was made.
	isAfter = 1 << 11
	// allTime is more ms than are between any two times of an id.
	allTime = 1 << 48
)

// NewID returns an id for a record with a timestamp. It is not the same as any other, and
// greater than those that this process has made of records with the same timestamp.
func NewID(timestamp pcommon.Timestamp) string {
	// NewV7 fails only when the system's random source does, which ends the
	// process before it returns (crypto/rand.Read).
	id := uuid.Must(uuid.NewV7())
	high, low := binary.BigEndian.Uint64(id[:8]), binary.BigEndian.Uint64(id[8:])
	made, number := int64(high>>16), high&0xfff //nolint:gosec // of 48 bits
	high = high&^0xfff | distance(milliseconds(timestamp)-made)
	low = low&(0b11<<62|(1<<50-1)) | number<<50
	binary.BigEndian.PutUint64(id[:8], high)
	binary.BigEndian.PutUint64(id[8:], low)
	return id.String()
}

// TimesOfID returns the first and the last timestamp that the record of an id can have; ok
// is false if the text is no id.
func TimesOfID(id string) (first, last time.Time, ok bool) {
	if !isUUIDv7(id) {
		return time.Time{}, time.Time{}, false
	}
	from, to := millisecondsOfID(id)
	return time.UnixMilli(from).UTC(), time.UnixMilli(to).Add(time.Millisecond - 1).UTC(), true
}

// isIDOf reports whether an id is one that a record with that timestamp can have.
func isIDOf(id string, timestamp pcommon.Timestamp) bool {
	if !isUUIDv7(id) {
		return false
	}
	first, last := millisecondsOfID(id)
	at := milliseconds(timestamp)
	return first <= at && at <= last
}

// millisecondsOfID returns the first and the last of those that the timestamp of the record
// of an id can be in.
func millisecondsOfID(id string) (first, last int64) {
	var room [8]byte
	for i, digits := range [...]string{id[0:2], id[2:4], id[4:6], id[6:8], id[9:11], id[11:13], id[14:16], id[16:18]} {
		_, _ = hex.Decode(room[i:i+1], []byte(digits)) // isUUIDv7 has seen the digits
	}
	high := binary.BigEndian.Uint64(room[:])
	made := int64(high >> 16) //nolint:gosec // of 48 bits
	if high&isAfter != 0 {
		least, most := spanOfSize(high & largestSize)
		return made + least, made + most
	}
	least, most := spanOfSize(^high & largestSize)
	return max(0, made-most), max(0, made-least)
}

// distance returns the 12 bits of an id that say how long, in ms, a timestamp is after the id
// was made: up to 127 ms as it is, else as the position of the first bit and the six that
// follow. Before it, the bits are inverted, so that later timestamps have greater ones.
func distance(ms int64) uint64 {
	if ms < 0 {
		return ^sizeOf(uint64(-ms)) & largestSize
	}
	return isAfter | sizeOf(uint64(ms))
}

func sizeOf(ms uint64) uint64 {
	exponent := max(0, bits.Len64(ms)-significant-1)
	if exponent == 0 {
		return ms
	}
	return min(uint64(exponent)<<significant+ms>>exponent, largestSize) //nolint:gosec // not negative
}

// spanOfSize returns the least and the most ms of such a size.
func spanOfSize(size uint64) (least, most int64) {
	if size < 2<<significant {
		return int64(size), int64(size) //nolint:gosec // small
	}
	exponent := size>>significant - 1
	least = int64((size - exponent<<significant) << exponent) //nolint:gosec // of 37 bits
	if size == largestSize {
		return least, allTime
	}
	return least, least + 1<<exponent - 1
}

// milliseconds returns those since 1970 that a timestamp is in.
func milliseconds(timestamp pcommon.Timestamp) int64 {
	return int64(timestamp / pcommon.Timestamp(time.Millisecond)) //nolint:gosec // a millionth of 64 bits
}

// isUUIDv7 reports whether s is a UUIDv7 in its lower-case form with hyphens.
func isUUIDv7(s string) bool {
	if len(s) != idLength || s[14] != '7' {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		case 19: // the variant of RFC 9562
			if c != '8' && c != '9' && c != 'a' && c != 'b' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}
