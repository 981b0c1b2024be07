// Package ui is the web page: modules and style sheets that a browser loads one by one, and
// the handler that serves them.
//
// Nothing in it comes from other hosts, and the policy that goes with every file keeps it
// so, whatever a record holds: scripts and styles are these files only, texts cannot become
// markup, and requests go to the server that the page is from.
package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/docketlog/docket/extension/logsapiextension/internal/contentcoding"
)

// Files are the page's.
//
//go:embed index.html icon.svg *.js */*.js */*/*.js styles/*.css embed/table.html
var Files embed.FS

// Policy is the Content-Security-Policy of every file.
const Policy = policy + "frame-ancestors 'none'"

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "

// framedFile is the only file that pages of other origins may show in a frame: the audit
// table of one customer.
const framedFile = "embed/table.html"

// indexFile is served for the folder.
const indexFile = "index.html"

// types are the files that are served, by their endings. Others, such as the settings of
// the checkers, are not.
var types = map[string]string{ //nolint:gochecknoglobals // a table
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
}

// Handler serves the files.
type Handler struct {
	// files is by the path below the folder.
	files map[string]*file
	// framePolicy is the policy of framedFile.
	framePolicy string
}

type file struct {
	mediaType string
	// content returns what is served, compressed the same in gzip, and tag what tells it
	// from other versions. They are made when they are first asked for: to minify all takes
	// some 100 ms, which would delay every start.
	content, compressed func() []byte
	tag                 func() string
}

// Options are how the files are served.
type Options struct {
	// FrameAncestors are origins, such as https://app.example.com, whose pages may show the
	// audit table in a frame.
	FrameAncestors []string
	// AsWritten serves scripts as people wrote them, for those who work on them.
	AsWritten bool
}

// New returns a handler of the files of a folder.
func New(folder fs.FS, options Options) (*Handler, error) {
	handler := &Handler{files: map[string]*file{}, framePolicy: Policy}
	if len(options.FrameAncestors) > 0 {
		handler.framePolicy = policy + "frame-ancestors " + strings.Join(options.FrameAncestors, " ")
	}
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || types[path.Ext(name)] == "" {
			return err
		}
		content, err := fs.ReadFile(folder, name)
		if err != nil {
			return err
		}
		served := sync.OnceValue(func() []byte {
			if path.Ext(name) == ".js" && !options.AsWritten {
				return minified(content)
			}
			return content
		})
		handler.files[name] = &file{
			mediaType: types[path.Ext(name)], content: served,
			compressed: sync.OnceValue(func() []byte { return compress(served()) }),
			tag: sync.OnceValue(func() string {
				digest := sha256.Sum256(served())
				return hex.EncodeToString(digest[:12])
			}),
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the files of the web page: %w", err)
	}
	return handler, nil
}

func compress(content []byte) []byte {
	var compressed bytes.Buffer
	writer := gzip.NewWriter(&compressed)
	_, _ = writer.Write(content) // a buffer takes everything
	_ = writer.Close()
	return compressed.Bytes()
}

// Serve answers with the file of a name, "" being the index. It returns false, and has
// written nothing, when there is none.
func (h *Handler) Serve(w http.ResponseWriter, r *http.Request, name string) bool {
	if name == "" {
		name = indexFile
	}
	file, ok := h.files[name]
	if !ok {
		return false
	}
	header := w.Header()
	header.Set("Content-Type", file.mediaType)
	header.Set("Content-Security-Policy", Policy)
	switch {
	case name == framedFile:
		header.Set("Content-Security-Policy", h.framePolicy)
	case file.mediaType == types[".js"]:
		// An app that embeds the audit table loads it from here. The files are no secret.
		header.Set("Access-Control-Allow-Origin", "*")
		header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	// A browser asks each time whether its copy is still right, so that after an update
	// no file of the version before is left.
	header.Set("Cache-Control", "no-cache")
	header.Set("Vary", "Accept-Encoding")
	content, tag := file.content(), file.tag()
	if contentcoding.AcceptsGzip(r.Header) {
		content, tag = file.compressed(), tag+"-gzip"
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
	return true
}
