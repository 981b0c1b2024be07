package docstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Limits of a Document. They are the same for every Store, so that documents
// can move from one to another.
const (
	MaxCollectionBytes = 63
	MaxIDBytes         = 255
	MaxBodyBytes       = 1 << 20
)

// ValidateDocument returns an error that wraps ErrInvalid when the document
// breaks a limit. Stores call it before every change.
func ValidateDocument(document Document) error {
	if err := ValidateName(document.Collection, document.ID); err != nil {
		return err
	}
	if err := validateBody(document.Body); err != nil {
		return fmt.Errorf("%w %s/%s: %w", ErrInvalid, document.Collection, document.ID, err)
	}
	return nil
}

// ValidateName is ValidateDocument for a document's collection and id alone.
func ValidateName(collection, id string) error {
	if id == "" {
		return fmt.Errorf("%w: the id is empty", ErrInvalid)
	}
	return ValidatePrefix(collection, id)
}

// ValidatePrefix is ValidateName for a prefix of ids, which may be empty.
func ValidatePrefix(collection, prefix string) error {
	if err := validateCollection(collection); err != nil {
		return err
	}
	if len(prefix) > MaxIDBytes {
		return fmt.Errorf("%w: the id has %d bytes, at most %d are allowed", ErrInvalid, len(prefix), MaxIDBytes)
	}
	for n := range len(prefix) {
		if prefix[n] < ' ' || prefix[n] > '~' {
			return fmt.Errorf("%w: byte %d of the id %q is not printable ASCII", ErrInvalid, n, prefix)
		}
	}
	return nil
}

func validateCollection(collection string) error {
	if collection == "" || len(collection) > MaxCollectionBytes {
		return fmt.Errorf("%w: the collection name has %d bytes, 1 to %d are allowed", ErrInvalid, len(collection), MaxCollectionBytes)
	}
	for n := range len(collection) {
		char := collection[n]
		isLetter := 'a' <= char && char <= 'z'
		if !isLetter && (n == 0 || char != '_' && (char < '0' || char > '9')) {
			return fmt.Errorf("%w: the collection name %q is not a lower-case word", ErrInvalid, collection)
		}
	}
	return nil
}

func validateBody(body json.RawMessage) error {
	switch {
	case len(body) > MaxBodyBytes:
		return fmt.Errorf("the body has %d bytes, at most %d are allowed", len(body), MaxBodyBytes)
	case !json.Valid(body):
		return errors.New("the body is not valid JSON")
	case !utf8.Valid(body):
		return errors.New("the body is not valid UTF-8")
	case !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")):
		return errors.New("the body is not a JSON object")
	}
	return nil
}
