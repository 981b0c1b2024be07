// Package idempotency answers a repeated request with what the first one was
// answered, so that a client may send again whatever it got no answer to.
//
// A request is repeated when it has the same Key and the same Digest. While the
// first one is still at work, its repetitions wait for it:
//
//	first  ──▶ run ─────────────▶ answer ──▶ kept
//	second ──▶ waits ───────────────┴──▶ the same answer
//
// An answer is kept only when its request stored something. After any other one
// the key is free again, so that the client's next attempt is a new one.
package idempotency

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
)

// MaxKeyLength is the largest number of characters of a client's key.
const MaxKeyLength = 255

// ErrReused is returned for a key that came with another body before.
var ErrReused = errors.New("the idempotency key was used with another body before")

// Key tells which requests may be repetitions of each other.
type Key struct {
	// Project is the project, or the list of projects, that the request writes to.
	Project string
	// Path is the path of the request.
	Path string
	// Value is what the client sent, 1 to MaxKeyLength printable characters.
	Value string
}

// Digest tells bodies apart: the SHA-256 of a body before any content encoding.
type Digest [sha256.Size]byte

// Answer is an HTTP answer, to be given again byte for byte.
type Answer struct {
	Status      int
	ContentType string
	Body        []byte
}

// Answers keeps answers. An implementation need not survive a restart, but it must
// not answer from a body other than the one that comes with the key.
type Answers interface {
	// Do returns the answer of an earlier call with the same key and digest. If
	// there is none, it calls run, in the same goroutine, and keeps its answer if
	// run says so. The error is ErrReused, or that of ctx when it ended while the
	// call waited for another one.
	Do(ctx context.Context, key Key, digest Digest, run func() (answer Answer, keep bool)) (Answer, error)
}

// CheckValue returns an error that says what is wrong with a client's key.
func CheckValue(value string) error {
	if value == "" || len(value) > MaxKeyLength {
		return fmt.Errorf("must have 1 to %d characters", MaxKeyLength)
	}
	for i := range len(value) {
		if value[i] < ' ' || value[i] > '~' {
			return errors.New("must have printable ASCII characters only")
		}
	}
	return nil
}
