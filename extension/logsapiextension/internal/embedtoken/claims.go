package embedtoken

import (
	"errors"
	"time"
)

// Prefix begins every token, so that people and scanners of secrets know what it is.
const Prefix = "phe_"

// Bounds of how long a token may live. A table asks the app for another one before its
// own ends.
const (
	MinLife     = time.Minute
	DefaultLife = time.Hour
	MaxLife     = 24 * time.Hour
)

// Claims are what a token allows: to read the audit events of one external_id in one
// project, from pages of one origin, for a while.
type Claims struct {
	ProjectID  int64  `json:"project"`
	ExternalID string `json:"external_id"`
	// Origin is that of the pages which may use the token, as browsers send it:
	// "https://app.example.com".
	Origin string `json:"origin"`
	// KeyID is the key that asked for the token, "" for the admin key. The token ends
	// with the key.
	KeyID string `json:"key,omitempty"`
	// IssuedAt and ExpiresAt are in milliseconds since 1970.
	IssuedAt  int64 `json:"issued_at"`
	ExpiresAt int64 `json:"expires_at"`
}

// Errors of Verify. They tell a client apart what it can do: ask the app for another
// token, or nothing.
var (
	ErrInvalid = errors.New("the token is not one of Docket's")
	ErrExpired = errors.New("the token has expired")
)
