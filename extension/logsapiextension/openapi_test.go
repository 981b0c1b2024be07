package logsapiextension

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/docketlog/docket/extension/logsapiextension/openapi"
)

// openAPIFile is what the tests read of the file.
type openAPIFile struct {
	OpenAPI    string                    `yaml:"openapi"`
	Paths      map[string]map[string]any `yaml:"paths"`
	Components map[string]map[string]any `yaml:"components"`
}

func readOpenAPIFile(t *testing.T) openAPIFile {
	t.Helper()
	var file openAPIFile
	require.NoError(t, yaml.Unmarshal([]byte(openapi.Document()), &file))
	return file
}

// resolve returns what a reference stands for, or the value itself.
func (f openAPIFile) resolve(t *testing.T, value map[string]any) map[string]any {
	t.Helper()
	reference, ok := value["$ref"].(string)
	if !ok {
		return value
	}
	kind, name, _ := strings.Cut(strings.TrimPrefix(reference, "#/components/"), "/")
	resolved, ok := f.Components[kind][name].(map[string]any)
	require.True(t, ok, "%s leads nowhere", reference)
	return resolved
}

// methods are those of an item of the paths.
func (f openAPIFile) methods(t *testing.T, path string) []string {
	t.Helper()
	var methods []string
	for _, name := range slices.Sorted(maps.Keys(f.resolve(t, f.Paths[path]))) {
		switch method := strings.ToUpper(name); method {
		case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead, http.MethodOptions:
			methods = append(methods, method)
		}
	}
	return methods
}

func TestEveryRouteIsInTheOpenAPIFile(t *testing.T) {
	file := readOpenAPIFile(t)
	assert.Equal(t, "3.1.1", file.OpenAPI)
	documented := map[string][]string{}
	for path := range file.Paths {
		documented[path] = file.methods(t, path)
	}
	served := map[string][]string{}
	for _, route := range (&endpoints{}).routes() {
		// recordRoutes says why this part is no literal.
		path := strings.Replace(route.path, "/{part}", "/context", 1)
		served[path] = slices.Sorted(maps.Keys(route.methods))
	}
	assert.Equal(t, served, documented)
}

// Every parameter of a path is described, under its name.
func TestEveryPathParameterIsInTheOpenAPIFile(t *testing.T) {
	file := readOpenAPIFile(t)
	for path := range file.Paths {
		var inPath, described []string
		for _, part := range strings.Split(path, "/") {
			if name, ok := strings.CutPrefix(part, "{"); ok {
				inPath = append(inPath, strings.TrimSuffix(name, "}"))
			}
		}
		parameters, _ := file.resolve(t, file.Paths[path])["parameters"].([]any)
		for _, parameter := range parameters {
			object, ok := parameter.(map[string]any)
			require.True(t, ok)
			if object = file.resolve(t, object); object["in"] == "path" {
				name, _ := object["name"].(string)
				described = append(described, name)
			}
		}
		assert.Equal(t, inPath, described, path)
	}
}

func TestOpenAPIFileIsServedToEverybody(t *testing.T) {
	s := newServer(t, nil)
	for _, path := range []string{"/api/openapi.yaml", "/api/openapi.yaml/"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.api.address.String()+path, http.NoBody)
		require.NoError(t, err)
		answer, err := s.client.Do(request)
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		assert.Equal(t, http.StatusOK, answer.StatusCode)
		assert.Equal(t, "application/yaml", answer.Header.Get("Content-Type"))
		assert.Equal(t, openapi.Document(), string(body))
	}
}
