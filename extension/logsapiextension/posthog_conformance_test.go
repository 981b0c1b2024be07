package logsapiextension

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// conformanceCase is a case of testdata/posthog_conformance*.yaml. The first of these files
// says what the fields mean.
type conformanceCase struct {
	Name     string           `yaml:"name"`
	As       string           `yaml:"as"`
	Given    []string         `yaml:"given"`
	Send     string           `yaml:"send"`
	Type     string           `yaml:"type"`
	Body     string           `yaml:"body"`
	Answer   string           `yaml:"answer"`
	Has      string           `yaml:"has"`
	InOrder  []string         `yaml:"in order"`
	First    []string         `yaml:"first in order"`
	Next     string           `yaml:"next"`
	Previous string           `yaml:"previous"`
	Header   string           `yaml:"header"`
	Then     *conformanceCase `yaml:"then"`
}

// conformanceTokens are the keys that a case names.
var conformanceTokens = map[string]string{
	"": writerToken, "writer": writerToken, "reader": readerToken, "several": severalToken, "admin": adminToken,
	"ingest": ingestToken, "none": "", "unknown": "nobody",
}

// readConformanceCases returns the cases by their group and the file that they are in.
func readConformanceCases(t *testing.T) map[string][]conformanceCase {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "posthog_conformance*.yaml"))
	require.NoError(t, err)
	all := map[string][]conformanceCase{}
	for _, name := range files {
		file, err := os.Open(name)
		require.NoError(t, err)
		decoder := yaml.NewDecoder(file)
		decoder.KnownFields(true)
		var groups map[string][]conformanceCase
		require.NoError(t, decoder.Decode(&groups), name)
		require.NoError(t, file.Close())
		about := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(name), "posthog_conformance"), ".yaml")
		for group, cases := range groups {
			all[strings.TrimPrefix(about+"/"+group, "/")] = cases
		}
	}
	return all
}

func TestPostHogConformance(t *testing.T) {
	count := 0
	for group, cases := range readConformanceCases(t) {
		for _, c := range cases {
			count++
			t.Run(group+"/"+c.Name, func(t *testing.T) {
				for _, address := range []conformanceAddress{{"/api/projects/1/logs/", true}, {"/api/environments/1/logs/", false}} {
					newConformanceRun(t, address, c.Given).run(c)
				}
			})
		}
	}
	require.GreaterOrEqual(t, count, 430)
}

// conformanceAddress is how a client writes addresses.
type conformanceAddress struct {
	base  string
	slash bool
}

// pathOf returns the path and the query of what a case sends.
func (a conformanceAddress) pathOf(target string) (path, query string) {
	path, query, _ = strings.Cut(target, "?")
	if !strings.HasPrefix(path, "/") {
		path = a.base + path
	}
	if a.slash {
		path += "/"
	}
	return path, query
}

func (run *conformanceRun) run(c conformanceCase) {
	for _, given := range c.Given {
		run.given(given)
	}
	for step := &c; step != nil; step = step.Then {
		run.step(*step)
	}
}

func (run *conformanceRun) step(c conformanceCase) {
	t := run.t
	token, ok := conformanceTokens[c.As]
	require.True(t, ok, c.As)
	method, target, ok := strings.Cut(run.fill(c.Send), " ")
	require.True(t, ok, c.Send)
	path, query := run.address.pathOf(target)
	sent := request{method: method, path: path, token: token, body: run.fill(c.Body), header: map[string]string{}}
	if query != "" {
		sent.path += "?" + query
	}
	switch c.Type {
	case "":
	case "none":
		sent.header["Content-Type"] = ""
	default:
		sent.header["Content-Type"] = c.Type
	}
	answer := run.do(sent)

	status, problem, isProblem := strings.Cut(c.Answer, " ")
	if isProblem {
		run.assertProblem(answer, status, problem)
	} else {
		require.Equal(t, status, strconv.Itoa(answer.status), "%s %s: %s", method, sent.path, answer.body)
	}
	if answer.status == http.StatusNoContent || method == http.MethodHead {
		assert.Empty(t, answer.body)
	}
	if c.Has != "" {
		want, got := decodeExactly(t, run.fill(c.Has)), decodeExactly(t, answer.body)
		assert.Equal(t, want, onlyMembersOf(want, got), answer.body)
	}
	if c.InOrder != nil {
		assert.Equal(t, c.InOrder, namesInOrder(t, answer.body))
	}
	if c.First != nil {
		names := namesInOrder(t, answer.body)
		assert.Equal(t, c.First, names[:min(len(names), len(c.First))])
	}
	for name, query := range map[string]string{"next": c.Next, "previous": c.Previous} {
		if query != "" {
			page, ok := decodeExactly(t, answer.body).(map[string]any)
			require.True(t, ok)
			assert.Equal(t, (&url.URL{Scheme: "http", Host: run.api.address.String(), Path: path, RawQuery: query}).String(), page[name])
		}
	}
	if name, value, ok := strings.Cut(c.Header, ": "); ok {
		assert.Equal(t, value, answer.header.Get(name))
	} else if name != "" {
		assert.NotEmpty(t, answer.header.Get(name), name)
	}
}

func (run *conformanceRun) assertProblem(answer reply, status, problem string) {
	words := strings.Fields(problem)
	require.Len(run.t, words, 3, problem)
	number, err := strconv.Atoi(status)
	require.NoError(run.t, err)
	attr := words[2]
	if attr == "null" {
		attr = ""
	}
	assertPostHogError(run.t, answer, number, words[0], words[1], attr)
}

var (
	idPlace         = regexp.MustCompile(`(UPPER)?\$([0-9])(s)?`)
	repetitionPlace = regexp.MustCompile(`(\pL)\{([0-9]+)\}`)
)

// fill puts ids and repeated characters in place of what stands for them.
func (run *conformanceRun) fill(text string) string {
	text = idPlace.ReplaceAllStringFunc(text, func(place string) string {
		parts := idPlace.FindStringSubmatch(place)
		number, err := strconv.Atoi(parts[2])
		require.NoError(run.t, err)
		require.LessOrEqual(run.t, number, len(run.ids), place)
		switch {
		case parts[1] != "":
			return "A" + strings.ToUpper(run.ids[number-1])
		case parts[3] != "":
			functions, err := json.Marshal(run.functions[run.ids[number-1]])
			require.NoError(run.t, err)
			return string(functions)
		default:
			return run.ids[number-1]
		}
	})
	return repetitionPlace.ReplaceAllStringFunc(text, func(place string) string {
		parts := repetitionPlace.FindStringSubmatch(place)
		times, err := strconv.Atoi(parts[2])
		require.NoError(run.t, err)
		return strings.Repeat(parts[1], times)
	})
}

// decodeExactly decodes JSON with its numbers as they are written.
func decodeExactly(t *testing.T, text string) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var decoded any
	require.NoError(t, decoder.Decode(&decoded), text)
	return decoded
}

// onlyMembersOf returns a value without the members of objects that another one does
// not have.
func onlyMembersOf(want, got any) any {
	switch want := want.(type) {
	case map[string]any:
		if got, ok := got.(map[string]any); ok {
			kept := map[string]any{}
			for name, member := range want {
				if value, ok := got[name]; ok {
					kept[name] = onlyMembersOf(member, value)
				}
			}
			return kept
		}
	case []any:
		if got, ok := got.([]any); ok && len(got) == len(want) {
			for n := range got {
				got[n] = onlyMembersOf(want[n], got[n])
			}
		}
	}
	return got
}

// namesInOrder returns the names of an object's members as they are written.
func namesInOrder(t *testing.T, text string) []string {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	token, err := decoder.Token()
	require.NoError(t, err)
	require.Equal(t, json.Delim('{'), token)
	var names []string
	for decoder.More() {
		name, err := decoder.Token()
		require.NoError(t, err)
		text, ok := name.(string)
		require.True(t, ok)
		names = append(names, text)
		var value json.RawMessage
		require.NoError(t, decoder.Decode(&value))
	}
	return names
}
