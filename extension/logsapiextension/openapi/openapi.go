package openapi

import (
	_ "embed"
	"io"
	"net/http"
)

// document is the file.
//
//go:embed openapi.yaml
var document string

// MediaType is the media type of the file (RFC 9512).
const MediaType = "application/yaml"

// Document returns the file.
func Document() string { return document }

// ServeHTTP answers with the file, which is the same for everybody.
func ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", MediaType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-cache")
	// An error here means that the client has gone; nobody is left to tell.
	_, _ = io.WriteString(w, document)
}
