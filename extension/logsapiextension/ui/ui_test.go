package ui

import (
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	// maxPageScript is how many bytes of script a page may need for itself, as served and
	// uncompressed. Explore has more than that.
	maxPageScript    = 150_000
	maxExploreScript = 200_000
	// maxFrameScript is how many those may need that are loaded with every page.
	maxFrameScript = 60_000
)

// serve returns the answer to a request for a file, or nil when there is none.
func serve(t *testing.T, handler *Handler, name string, header map[string]string) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/ui/"+name, http.NoBody)
	for name, value := range header {
		request.Header.Set(name, value)
	}
	recorder := httptest.NewRecorder()
	if !handler.Serve(recorder, request, name) {
		return nil
	}
	return recorder
}

// Every file of the folder that a browser may ask for is in the binary and is served, and
// no other is.
func TestEveryFileIsServed(t *testing.T) {
	handler, err := New(Files)
	require.NoError(t, err)
	served := 0
	require.NoError(t, fs.WalkDir(os.DirFS("."), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		response := serve(t, handler, name, nil)
		mediaType := map[string]string{
			".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
			".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
		}[path.Ext(name)]
		if mediaType == "" {
			assert.Nil(t, response, name)
			return nil
		}
		served++
		if !assert.NotNil(t, response, "%s is not embedded: see Files", name) {
			return nil
		}
		content, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Equal(t, string(contentOf(name, content)), response.Body.String(), name)
		assert.Equal(t, mediaType, response.Header().Get("Content-Type"), name)
		assert.Equal(t, Policy, response.Header().Get("Content-Security-Policy"), name)
		assert.Equal(t, "nosniff", response.Header().Get("X-Content-Type-Options"), name)
		assert.Equal(t, "no-referrer", response.Header().Get("Referrer-Policy"), name)
		assert.Equal(t, "no-cache", response.Header().Get("Cache-Control"), name)
		assert.Equal(t, "Accept-Encoding", response.Header().Get("Vary"), name)
		return nil
	}))
	assert.Greater(t, served, 30)
}

func TestTheIndexIsTheFolder(t *testing.T) {
	handler, err := New(Files)
	require.NoError(t, err)
	assert.Equal(t, serve(t, handler, "index.html", nil).Body.String(), serve(t, handler, "", nil).Body.String())
	assert.Nil(t, serve(t, handler, "missing.js", nil))
	assert.Nil(t, serve(t, handler, "styles", nil))
}

func TestCompression(t *testing.T) {
	handler, err := New(Files)
	require.NoError(t, err)
	plain := serve(t, handler, "main.js", nil)
	for _, header := range []string{"gzip", "br, gzip;q=0.5", "deflate, GZIP ; q=1.0"} {
		packed := serve(t, handler, "main.js", map[string]string{"Accept-Encoding": header})
		assert.Equal(t, "gzip", packed.Header().Get("Content-Encoding"), header)
		assert.NotEqual(t, plain.Header().Get("ETag"), packed.Header().Get("ETag"))
		reader, err := gzip.NewReader(packed.Body)
		require.NoError(t, err)
		unpacked, err := io.ReadAll(reader)
		require.NoError(t, err)
		assert.Equal(t, text(t, "main.js"), string(unpacked), header)
	}
	for _, header := range []string{"", "br", "gzip;q=0", "gzip; q=0.0", "x-gzip"} {
		assert.Empty(t, serve(t, handler, "main.js", map[string]string{"Accept-Encoding": header}).Header().Get("Content-Encoding"), header)
	}
}

// A browser keeps what it has as long as it is the same.
func TestCaching(t *testing.T) {
	folder := fstest.MapFS{"main.js": {Data: []byte("f(1)")}}
	handler, err := New(folder)
	require.NoError(t, err)
	tag := serve(t, handler, "main.js", nil).Header().Get("ETag")
	require.NotEmpty(t, tag)
	again := serve(t, handler, "main.js", map[string]string{"If-None-Match": tag})
	assert.Equal(t, http.StatusNotModified, again.Code)
	assert.Empty(t, again.Body.String())

	folder["main.js"] = &fstest.MapFile{Data: []byte("f(2)")}
	updated, err := New(folder)
	require.NoError(t, err)
	changed := serve(t, updated, "main.js", map[string]string{"If-None-Match": tag})
	assert.Equal(t, http.StatusOK, changed.Code)
	assert.Equal(t, "f(2)", changed.Body.String())
}

// The style sheets and scripts that the index names are there, and every style sheet is
// named, there or where the audit table is embedded.
func TestTheIndexNamesFilesThatAreThere(t *testing.T) {
	index, err := fs.ReadFile(Files, "index.html")
	require.NoError(t, err)
	named := regexp.MustCompile(`(?:href|src)="([^"]+)"`).FindAllSubmatch(index, -1)
	require.NotEmpty(t, named)
	for _, name := range named {
		_, err := fs.Stat(Files, string(name[1]))
		require.NoError(t, err)
	}
	framed := text(t, framedFile)
	sheets, err := fs.Glob(Files, "styles/*.css")
	require.NoError(t, err)
	for _, sheet := range sheets {
		assert.True(t, strings.Contains(string(index), `href="`+sheet+`"`) || strings.Contains(framed, `href="../`+sheet+`"`), sheet)
	}
	assert.NotContains(t, string(index), "<style")
	assert.NotContains(t, string(index), "style=")
	assert.NotRegexp(t, `\son\w+=`, string(index))
}

// A page's own script is no more than maxPageScript, whichever page it is. What the frame
// of all pages has loaded before is not its own, and what is loaded later, when somebody
// presses something, does not count.
func TestPagesAreSmall(t *testing.T) {
	frame := imports(t, "main.js")
	pages := regexp.MustCompile(`import\(["'](\./pages/[^"']+)["']\)`).FindAllStringSubmatch(text(t, "main.js"), -1)
	require.GreaterOrEqual(t, len(pages), 6)
	assert.LessOrEqual(t, size(t, frame), maxFrameScript, "main.js needs too much script")
	for _, page := range pages {
		own := imports(t, path.Clean(page[1]))
		for name := range frame {
			delete(own, name)
		}
		t.Logf("%-28s %3d files %7d bytes", page[1], len(own), size(t, own))
		limit := maxPageScript
		if strings.Contains(page[1], "/explore/") {
			limit = maxExploreScript
		}
		assert.LessOrEqual(t, size(t, own), limit, "%s needs too much script", page[1])
	}
}

func size(t *testing.T, modules map[string]bool) int {
	t.Helper()
	size := 0
	for name := range modules {
		size += len(text(t, name))
	}
	return size
}

// imports returns a module and all that it needs before it runs.
func imports(t *testing.T, name string) map[string]bool {
	t.Helper()
	statement := regexp.MustCompile(`(?m)(?:^|;)(?:import|export)\b[^;'"()]*?from\s*["']([^"']+)["']|(?:^|;)import\s*["']([^"']+)["']`)
	needed := map[string]bool{}
	for waiting := []string{name}; len(waiting) > 0; waiting = waiting[1:] {
		module := waiting[0]
		if needed[module] {
			continue
		}
		needed[module] = true
		for _, found := range statement.FindAllStringSubmatch(text(t, module), -1) {
			imported := found[1] + found[2]
			require.True(t, strings.HasPrefix(imported, "."), "%s imports %s, which is none of ours", module, imported)
			waiting = append(waiting, path.Join(path.Dir(module), imported))
		}
	}
	return needed
}

// text returns a script as it is served.
func text(t *testing.T, name string) string {
	t.Helper()
	content, err := fs.ReadFile(Files, name)
	require.NoError(t, err)
	return string(contentOf(name, content))
}
