package requests

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"

	"github.com/docketlog/docket/internal/logstore"
)

// Requests are stored as a byte binaryFormat, and then for each request
//
//	varint    project
//	text      key
//	32 bytes  digest
//	varint    number of receipts
//
// and for each of its receipts
//
//	byte      form: plainID, plainHash or both, or neither
//	varint    position, as the difference to the previous receipt's (zigzag)
//	varint    received at, in ns since 1970, as the same difference (zigzag)
//	16 bytes  id, a UUID; or a text if the form says plainID
//	32 bytes  hash; or a text if the form says plainHash
//
// A text is its length as a varint and its bytes. Varints are those of
// encoding/binary. The first differences are to 0.
const (
	binaryFormat = 1

	plainID   = 1 << 0
	plainHash = 1 << 1

	// minReceiptBytes is the size of the smallest receipt, with texts of one byte.
	minReceiptBytes = 7
)

// errShort is the reason for bytes that end too early.
var errShort = errors.New("they end too early")

// AppendBinary appends requests in their binary form to dst and returns the longer
// slice. No requests have no bytes.
func AppendBinary(dst []byte, requests []logstore.Request) []byte {
	if len(requests) == 0 {
		return dst
	}
	dst = append(dst, binaryFormat)
	for _, request := range requests {
		dst = appendRequest(dst, request)
	}
	return dst
}

func appendRequest(dst []byte, request logstore.Request) []byte {
	dst = binary.AppendVarint(dst, request.ProjectID)
	dst = appendText(dst, request.Key)
	dst = append(dst, request.Digest[:]...)
	dst = binary.AppendUvarint(dst, uint64(len(request.Receipts)))
	position, receivedAt := 0, int64(0)
	for _, receipt := range request.Receipts {
		id, isUUID := parseUUID(receipt.ID)
		hash, isHash := parseHash(receipt.Hash)
		form := byte(0)
		if !isUUID {
			form |= plainID
		}
		if !isHash {
			form |= plainHash
		}
		dst = append(dst, form)
		dst = binary.AppendVarint(dst, int64(receipt.Position-position))
		dst = binary.AppendVarint(dst, receipt.ReceivedAt.UnixNano()-receivedAt)
		position, receivedAt = receipt.Position, receipt.ReceivedAt.UnixNano()
		if isUUID {
			dst = append(dst, id[:]...)
		} else {
			dst = appendText(dst, receipt.ID)
		}
		if isHash {
			dst = append(dst, hash[:]...)
		} else {
			dst = appendText(dst, receipt.Hash)
		}
	}
	return dst
}

func appendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// parseUUID returns the bytes of a UUID in the one form that they stand for.
func parseUUID(text string) (uuid.UUID, bool) {
	id, err := uuid.Parse(text)
	return id, err == nil && id.String() == text
}

// parseHash does the same for a hash.
func parseHash(text string) (hash [sha256.Size]byte, ok bool) {
	if len(text) != 2*len(hash) {
		return hash, false
	}
	_, err := hex.Decode(hash[:], []byte(text))
	return hash, err == nil && hex.EncodeToString(hash[:]) == text
}

// ParseBinary returns the requests that AppendBinary has written, and nothing of
// data is kept. It refuses everything that Of would not have returned: keys, ids
// and hashes that are empty or too long, and positions that are out of bounds. The
// result needs at most 16 times the memory of data.
func ParseBinary(data []byte) ([]logstore.Request, error) {
	if len(data) == 0 {
		return nil, nil
	}
	if data[0] != binaryFormat {
		return nil, fmt.Errorf("read remembered requests: they have format %d, and this version of Docket knows %d", data[0], binaryFormat)
	}
	p := parser{rest: data[1:]}
	var requests []logstore.Request
	for len(p.rest) > 0 && p.err == nil {
		requests = append(requests, p.request())
	}
	if p.err != nil {
		return nil, fmt.Errorf("read remembered requests: the bytes are damaged: %w", p.err)
	}
	return requests, nil
}

// parser reads from rest. After a failure, err is set and all it reads is zero.
type parser struct {
	rest []byte
	err  error
}

func (p *parser) request() logstore.Request {
	request := logstore.Request{ProjectID: p.varint(), Key: p.text(MaxKeyBytes)}
	copy(request.Digest[:], p.bytes(len(request.Digest)))
	count := p.uvarint()
	if request.ProjectID <= 0 {
		p.fail(fmt.Errorf("a project is %d", request.ProjectID))
	}
	if count > uint64(len(p.rest)/minReceiptBytes) {
		p.fail(errShort)
	}
	if p.err != nil {
		return request
	}
	request.Receipts = make([]logstore.Receipt, count)
	position, receivedAt := int64(0), int64(0)
	for i := range request.Receipts {
		form := p.byte()
		position += p.varint()
		receivedAt += p.varint()
		if form > plainID|plainHash || position < 0 || position > MaxPosition || receivedAt < 0 {
			p.fail(fmt.Errorf("a receipt has form %d, position %d, time %d", form, position, receivedAt))
			return request
		}
		request.Receipts[i] = logstore.Receipt{
			Position: int(position), ReceivedAt: time.Unix(0, receivedAt).UTC(), ID: p.id(form), Hash: p.hash(form),
		}
	}
	return request
}

func (p *parser) id(form byte) string {
	if form&plainID != 0 {
		return p.text(MaxTextBytes)
	}
	var id uuid.UUID
	copy(id[:], p.bytes(len(id)))
	return id.String()
}

func (p *parser) hash(form byte) string {
	if form&plainHash != 0 {
		return p.text(MaxTextBytes)
	}
	return hex.EncodeToString(p.bytes(sha256.Size))
}

func (p *parser) text(longest uint64) string {
	length := p.uvarint()
	if p.err == nil && (length == 0 || length > longest) {
		p.fail(fmt.Errorf("a text has %d bytes, not 1 to %d", length, longest))
	}
	return string(p.bytes(int(min(length, math.MaxInt32))))
}

func (p *parser) bytes(count int) []byte {
	if p.err == nil && count > len(p.rest) {
		p.fail(errShort)
	}
	if p.err != nil {
		return nil
	}
	taken := p.rest[:count]
	p.rest = p.rest[count:]
	return taken
}

func (p *parser) byte() byte {
	taken := p.bytes(1)
	if taken == nil {
		return 0
	}
	return taken[0]
}

func (p *parser) varint() int64 {
	value, size := binary.Varint(p.rest)
	p.skip(size)
	return value
}

func (p *parser) uvarint() uint64 {
	value, size := binary.Uvarint(p.rest)
	p.skip(size)
	return value
}

// skip skips a varint of so many bytes; there is none when that is not positive.
func (p *parser) skip(size int) {
	if size <= 0 {
		p.fail(errShort)
		return
	}
	p.bytes(size)
}

func (p *parser) fail(err error) {
	if p.err == nil {
		p.err, p.rest = err, nil
	}
}
