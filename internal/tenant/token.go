package tenant

import (
	"crypto/rand"
	"encoding/base64"
)

// Prefixes tell the kinds of tokens apart, for people and for secret scanners.
const (
	KeyPrefix      = "phx_"
	APITokenPrefix = "phc_"
	AdminKeyPrefix = "pha_"
)

// tokenBytes is the length of a token's secret: 256 random bits, which nobody
// guesses, so that a plain SHA-256 of it is enough to keep.
const tokenBytes = 32

// NewToken returns the prefix followed by 43 random characters (base64url).
func NewToken(prefix string) string {
	secret := make([]byte, tokenBytes)
	rand.Read(secret)
	return prefix + base64.RawURLEncoding.EncodeToString(secret)
}

// maskedEnds is the number of characters that MaskToken shows of either end.
const maskedEnds = 4

// MaskToken returns what may be shown of a token: "phx_...abcd".
func MaskToken(token string) string {
	if len(token) < 4*maskedEnds {
		return "..."
	}
	return token[:maskedEnds] + "..." + token[len(token)-maskedEnds:]
}
