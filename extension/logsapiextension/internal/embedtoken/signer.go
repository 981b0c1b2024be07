package embedtoken

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/docketlog/docket/internal/docstore"
)

const (
	collection = "embed_secrets"
	secretID   = "signing"
	secretSize = 32
	// maxToken is longer than any token, in bytes: claims with the longest external_id,
	// all of whose characters are escaped.
	maxToken = 32 << 10
)

// Signer signs and verifies tokens. It is safe for concurrent use.
type Signer struct {
	documents docstore.Store

	mu sync.Mutex
	// secret is nil until it was needed: the store may not be reachable at the start.
	secret []byte
}

// New returns a signer whose secret is kept in documents.
func New(documents docstore.Store) *Signer { return &Signer{documents: documents} }

// Sign returns a token. The error is that of the store.
func (s *Signer) Sign(ctx context.Context, claims Claims) (string, error) {
	secret, err := s.key(ctx)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode the claims: %w", err)
	}
	signed := Prefix + base64.RawURLEncoding.EncodeToString(text)
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature(secret, signed)), nil
}

// Verify returns the claims of a token, or ErrInvalid or ErrExpired, or the error of the
// store.
func (s *Signer) Verify(ctx context.Context, token string, now time.Time) (Claims, error) {
	signed, given, ok := strings.Cut(token, ".")
	if !ok || len(token) > maxToken || !strings.HasPrefix(signed, Prefix) {
		return Claims{}, ErrInvalid
	}
	mac, err := base64.RawURLEncoding.Strict().DecodeString(given)
	if err != nil {
		return Claims{}, ErrInvalid
	}
	secret, err := s.key(ctx)
	if err != nil {
		return Claims{}, err
	}
	if !hmac.Equal(mac, signature(secret, signed)) {
		return Claims{}, ErrInvalid
	}
	var claims Claims
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(signed, Prefix))
	if err != nil {
		return Claims{}, ErrInvalid
	}
	if err := json.Unmarshal(text, &claims); err != nil {
		return Claims{}, ErrInvalid
	}
	if now.UnixMilli() >= claims.ExpiresAt {
		return Claims{}, ErrExpired
	}
	return claims, nil
}

func signature(secret []byte, signed string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(signed))
	return mac.Sum(nil)
}

// secretDocument is the document with the secret.
type secretDocument struct {
	Secret []byte `json:"secret"`
}

// key returns the secret. Of replicas that make it at once, the first one's counts.
func (s *Signer) key(ctx context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.secret != nil {
		return s.secret, nil
	}
	document, err := s.documents.Get(ctx, collection, secretID)
	if errors.Is(err, docstore.ErrNotFound) {
		document, err = s.create(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("read the secret of embed tokens: %w", err)
	}
	var kept secretDocument
	if err := json.Unmarshal(document.Body, &kept); err != nil || len(kept.Secret) < secretSize {
		return nil, fmt.Errorf("read the secret of embed tokens: the document %s/%s has none: delete it to make another", collection, secretID)
	}
	s.secret = kept.Secret
	return s.secret, nil
}

func (s *Signer) create(ctx context.Context) (docstore.Document, error) {
	secret := make([]byte, secretSize)
	_, _ = rand.Read(secret)                                  // never fails
	body, err := json.Marshal(secretDocument{Secret: secret}) //nolint:gosec // to be kept; it is read by replicas only
	if err != nil {
		return docstore.Document{}, fmt.Errorf("encode: %w", err)
	}
	document, err := s.documents.Create(ctx, docstore.Document{Collection: collection, ID: secretID, Body: body})
	if errors.Is(err, docstore.ErrExists) {
		return s.documents.Get(ctx, collection, secretID)
	}
	return document, err
}
