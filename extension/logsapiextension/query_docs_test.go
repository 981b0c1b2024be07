package logsapiextension

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// example is a request of a reference with its answer.
type example struct {
	method, path, body string
	kind, answer       string
}

func readExamples(t *testing.T, file string) []example {
	t.Helper()
	content, err := os.ReadFile("../../docs/" + file)
	require.NoError(t, err)
	var examples []example
	blocks := regexp.MustCompile("(?s)```http\n(GET|POST) (.+?)\n(.*?)```\n\n```(json|csv)\n(.*?)```")
	for _, block := range blocks.FindAllStringSubmatch(string(content), -1) {
		path, query, _ := strings.Cut(block[2], "?")
		parameters := url.Values{}
		for parameter := range strings.SplitSeq(query, "&") {
			name, value, _ := strings.Cut(parameter, "=")
			parameters.Set(name, value)
		}
		examples = append(examples, example{block[1], path + "?" + parameters.Encode(), strings.TrimSpace(block[3]), block[4], block[5]})
	}
	return examples
}

// What the reference says is what the server answers.
func TestExamplesOfTheReference(t *testing.T) {
	s := newQueryServer(t)
	examples := readExamples(t, "query-api.md")
	require.Len(t, examples, 14, "one of each question, two of export")
	for _, e := range examples {
		t.Run(e.method+" "+e.path, func(t *testing.T) {
			if e.kind == "csv" {
				table, _ := s.export(request{method: e.method, path: e.path})
				assert.Equal(t, strings.ReplaceAll(e.answer, "\n", "\r\n"), table)
				return
			}
			answer := s.do(request{method: e.method, path: e.path, token: readerToken, body: e.body})
			require.Less(t, answer.status, http.StatusMultipleChoices, answer.body)
			var want, got any
			require.NoError(t, json.Unmarshal([]byte(e.answer), &want))
			require.NoError(t, json.Unmarshal([]byte(answer.body), &got))
			assert.Equal(t, want, withoutWhatVaries(want, got), answer.body)
		})
	}
}

// withoutWhatVaries returns an answer with what the example leaves out, and with what
// is never the same, as the example has it.
func withoutWhatVaries(want, got any) any {
	switch w := want.(type) {
	case string:
		if w == "…" {
			return want
		}
	case []any:
		if g, ok := got.([]any); ok && len(g) == len(w) {
			for i := range w {
				g[i] = withoutWhatVaries(w[i], g[i])
			}
		}
	case map[string]any:
		g, ok := got.(map[string]any)
		if _, isLeftOut := w["…"]; isLeftOut && ok {
			return want
		}
		for name := range w {
			value, isThere := g[name]
			switch {
			case !ok || !isThere:
			case name == "live_logs_checkpoint", name == "created_at", name == "content_url", name == "id" && w["filename"] != nil:
				g[name] = w[name]
			default:
				g[name] = withoutWhatVaries(w[name], value)
			}
		}
	}
	return got
}
