package ui

import (
	"compress/gzip"
	"io"
	"io/fs"
	"maps"
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
	// uncompressed.
	maxPageScript = 150_000
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
	handler, err := New(Files, Options{})
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
		assert.Equal(t, string(servedAs(name, content)), response.Body.String(), name)
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
	handler, err := New(Files, Options{})
	require.NoError(t, err)
	assert.Equal(t, serve(t, handler, "index.html", nil).Body.String(), serve(t, handler, "", nil).Body.String())
	assert.Nil(t, serve(t, handler, "missing.js", nil))
	assert.Nil(t, serve(t, handler, "styles", nil))
}

func TestCompression(t *testing.T) {
	handler, err := New(Files, Options{})
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
	handler, err := New(folder, Options{})
	require.NoError(t, err)
	tag := serve(t, handler, "main.js", nil).Header().Get("ETag")
	require.NotEmpty(t, tag)
	again := serve(t, handler, "main.js", map[string]string{"If-None-Match": tag})
	assert.Equal(t, http.StatusNotModified, again.Code)
	assert.Empty(t, again.Body.String())

	folder["main.js"] = &fstest.MapFile{Data: []byte("f(2)")}
	updated, err := New(folder, Options{})
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

// A page's own script is no more than maxPageScript, whichever page it is, with what it loads
// unasked as soon as it has something to show. What the frame of all pages has loaded before
// is not its own, and what is loaded when somebody presses something does not count.
func TestPagesAreSmall(t *testing.T) {
	frame := imports(t, "main.js")
	assert.LessOrEqual(t, size(t, frame), maxFrameScript, "main.js needs too much script")
	pages := []struct {
		module string
		// whenIdle is what it loads by loadWhenIdle.
		whenIdle []string
	}{
		{"./pages/explore/explore.js", []string{"pages/explore/record-detail.js", "pages/explore/completion.js", "state/typed-range.js"}},
		{"./pages/views.js", nil},
		{"./pages/alerts/alerts.js", nil},
		{"./pages/audit/audit.js", nil},
		{"./pages/record.js", nil},
		{"./pages/start.js", nil},
	}
	for _, page := range pages {
		t.Run(page.module, func(t *testing.T) {
			require.Contains(t, text(t, "main.js"), `import("`+page.module+`")`)
			own := imports(t, path.Clean(page.module))
			atOnce := maps.Clone(own)
			for _, later := range page.whenIdle {
				assert.NotContains(t, atOnce, later)
				maps.Copy(own, imports(t, later))
			}
			for name := range frame {
				delete(own, name)
				delete(atOnce, name)
			}
			t.Logf("at once %3d files %7d bytes, with what is loaded when idle %3d files %7d bytes", len(atOnce), size(t, atOnce), len(own), size(t, own))
			assert.LessOrEqual(t, size(t, own), maxPageScript, "%s needs too much script", page.module)
			idle := regexp.MustCompile(`loadWhenIdle\(\[([^\]]*)\]`).FindStringSubmatch(text(t, path.Clean(page.module)))
			if page.whenIdle == nil {
				assert.Nil(t, idle, "it loads what is not measured")
			} else if assert.NotNil(t, idle) {
				assert.Len(t, strings.Split(idle[1], ","), len(page.whenIdle), "it loads what is not measured: %s", idle[1])
			}
		})
	}
	assert.Equal(t, len(pages), strings.Count(text(t, "main.js"), `import("./pages/`), "a page that is not measured")
}

// What is loaded later is there, and nothing of it is loaded at once all the same: then it
// would be a promise without a saving.
func TestWhatIsLoadedLaterIsNotLoadedAtOnce(t *testing.T) {
	dynamic := regexp.MustCompile(`\bimport\(["']([^"']+)["']\)`)
	for _, page := range dynamic.FindAllStringSubmatch(text(t, "main.js"), -1) {
		own := imports(t, path.Clean(page[1]))
		for module := range own {
			for _, later := range dynamic.FindAllStringSubmatch(text(t, module), -1) {
				name := path.Join(path.Dir(module), later[1])
				assert.NotContains(t, own, name, "%s imports it when it is wanted, and %s imports it at once", module, page[1])
			}
		}
	}
}

// Scripts are served without what only their readers need, and do the same: the testbed
// drives the page as it is served.
func TestScriptsAreMinified(t *testing.T) {
	readable, err := New(Files, Options{AsWritten: true})
	require.NoError(t, err)
	require.NoError(t, fs.WalkDir(Files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".js" {
			return err
		}
		written, err := fs.ReadFile(Files, name)
		require.NoError(t, err)
		assert.Equal(t, string(written), serve(t, readable, name, nil).Body.String(), name)
		served := text(t, name)
		assert.Less(t, len(served), len(written), name)
		assert.NotContains(t, served, "@param", name)
		return nil
	}))
}

func TestMinified(t *testing.T) {
	for script, expected := range map[string]string{
		"": "",
		"// one\nlet first = 1; /* two */ export { first };\n":                          "let first=1;export{first}",
		"export function sum(first, second) {\n  return first + second;\n}\n":           "export function sum(e,t){return e+t}",
		"export class A {\n  #name = 'b // c';\n  get name() { return this.#name; }\n}": `export class A{#e="b // c";get name(){return this.#e}}`,
		"let half = ;": "let half = ;", // none: a browser says so
	} {
		assert.Equal(t, expected, string(minified([]byte(script))), script)
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

// text returns a file as it is served.
func text(t *testing.T, name string) string {
	t.Helper()
	content, err := fs.ReadFile(Files, name)
	require.NoError(t, err)
	return string(servedAs(name, content))
}

func servedAs(name string, content []byte) []byte {
	if path.Ext(name) == ".js" {
		return minified(content)
	}
	return content
}
