// Package idempotency answers a repeated request with what the first one was
// answered, so that a client may send again whatever it got no answer to.
//
// A request is repeated when it has the same projects, the same key and the same
// Digest. While the first one is still at work, its repetitions wait for it:
//
//	first  ──▶ run ─────────────▶ answer ──▶ kept
//	second ──▶ waits ───────────────┴──▶ the same answer
//
// An answer is kept only when its request stored something. After any other one
// the key is free again, so that the client's next attempt is a new one.
//
// What is kept here is lost at a restart and under pressure. Run can ask somebody
// who knows better: of requests with the same project and key only one runs at a
// time, so that its question and what follows from it are one step.
package idempotency

import (
	"crypto/sha256"
	"errors"
	"fmt"
)

// MaxKeyLength is the largest number of characters of a client's key.
const MaxKeyLength = 255

// ErrReused is returned for a key that came with another body before.
var ErrReused = errors.New("the idempotency key was used with another body before")

// Request is what tells requests apart. A key belongs to the projects that the
// request writes to.
type Request struct {
	// Projects has each project once, in ascending order. There is at least one.
	Projects []int64
	// Key is what the client sent, 1 to MaxKeyLength printable characters.
	Key string
	// Digest is that of the request.
	Digest Digest
}

// Digest tells apart what requests say: the SHA-256 of the format's name, a zero
// byte and the body before any content encoding.
type Digest [sha256.Size]byte

// DigestOf returns the digest of a body.
func DigestOf(format string, body []byte) Digest {
	hash := sha256.New()
	hash.Write([]byte(format))
	hash.Write([]byte{0})
	hash.Write(body)
	var digest Digest
	hash.Sum(digest[:0])
	return digest
}

// Answer is an HTTP answer, to be given again byte for byte.
type Answer struct {
	Status      int
	ContentType string
	Body        []byte
}

// CheckKey returns an error that says what is wrong with a client's key.
func CheckKey(key string) error {
	if key == "" || len(key) > MaxKeyLength {
		return fmt.Errorf("must have 1 to %d characters", MaxKeyLength)
	}
	for i := range len(key) {
		if key[i] < ' ' || key[i] > '~' {
			return errors.New("must have printable ASCII characters only")
		}
	}
	return nil
}
