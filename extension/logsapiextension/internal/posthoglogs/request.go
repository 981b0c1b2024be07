package posthoglogs

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/docketlog/docket/internal/filter/posthog"
	"github.com/docketlog/docket/internal/logstore"
)

// question is the object "query" of a request.
type question struct {
	// raw is the object as it was sent.
	raw json.RawMessage
	options
}

// options are the members of an object. Their methods leave out null as if it was not
// there, and take a number or a boolean that is written as a string.
type options map[string]json.RawMessage

// parseQuestion reads the object "query". None is an empty one.
func parseQuestion(body Body) (question, error) {
	raw := body["query"]
	if isMissing(raw) {
		raw = json.RawMessage("{}")
	}
	object, err := parseOptions(raw)
	if err != nil {
		return question{}, &ParseError{Problem: "query must be an object"}
	}
	return question{raw: raw, options: object}, nil
}

// requireQuestion reads the object "query" and refuses a request without one.
func requireQuestion(body Body) (question, error) {
	if isMissing(body["query"]) {
		return question{}, problem("No query provided")
	}
	return parseQuestion(body)
}

func parseOptions(raw json.RawMessage) (options, error) {
	var object options
	err := json.Unmarshal(raw, &object)
	return object, err
}

func isMissing(raw json.RawMessage) bool {
	return len(raw) == 0 || bytes.Equal(raw, []byte("null"))
}

// selection returns which records the question is about.
func (a API) selection(q question) (logstore.Selection, error) {
	if err := q.refuse(map[string]string{
		"resourceFingerprint": "filter by resource attributes",
		"personId":            "Docket has no persons",
		"sessionId":           "Docket has no sessions; filter by an attribute",
	}); err != nil {
		return logstore.Selection{}, err
	}
	parsed, err := posthog.ParseQuery(q.raw, a.clock())
	if err != nil {
		return logstore.Selection{}, err
	}
	return logstore.Selection{ProjectID: a.ProjectID, From: parsed.From, To: parsed.To, Filter: parsed.Filter}, nil
}

// ask reads a question and which records it is about.
func (a API) ask(body Body) (question, logstore.Selection, error) {
	q, err := parseQuestion(body)
	if err != nil {
		return question{}, logstore.Selection{}, err
	}
	selected, err := a.selection(q)
	return q, selected, err
}

// text returns a string; "" if there is none.
func (o options) text(name string) (string, error) {
	raw := o[name]
	if isMissing(raw) {
		return "", nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return "", problem("%s must be a string", name)
	}
	return text, nil
}

// choice returns one of the given strings, the first if there is none.
func (o options) choice(name string, choices ...string) (string, error) {
	text, err := o.text(name)
	switch {
	case err != nil:
		return "", err
	case text == "":
		return choices[0], nil
	case !slices.Contains(choices, text):
		return "", problem("%s must be one of %s", name, strings.Join(choices, ", "))
	default:
		return text, nil
	}
}

// integer returns a whole number, the fallback if there is none.
func (o options) integer(name string, fallback int) (int, error) {
	raw := o[name]
	if isMissing(raw) {
		return fallback, nil
	}
	number, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	if err != nil || number != math.Trunc(number) || math.Abs(number) > math.MaxInt32 {
		return 0, problem("%s must be a whole number", name)
	}
	return int(number), nil
}

// positive returns a whole number from 1 on, at most the largest, which stands for all
// that are larger.
func (o options) positive(name string, fallback, largest int) (int, error) {
	number, err := o.integer(name, fallback)
	if err == nil && number < 1 {
		return 0, problem("%s must be at least 1", name)
	}
	return min(number, largest), err
}

// boolean returns a boolean, false if there is none.
func (o options) boolean(name string) (bool, error) {
	raw := o[name]
	if isMissing(raw) {
		return false, nil
	}
	value, err := strconv.ParseBool(strings.Trim(string(raw), `"`))
	if err != nil {
		return false, problem("%s must be true or false", name)
	}
	return value, nil
}

// texts returns a list of strings, at most so many; nil if there is none.
func (o options) texts(name string, most int) ([]string, error) {
	raw := o[name]
	if isMissing(raw) {
		return nil, nil
	}
	var texts []string
	if err := json.Unmarshal(raw, &texts); err != nil {
		return nil, problem("%s must be a list of strings", name)
	}
	if len(texts) > most {
		return nil, problem("Too many %s: %d (max %d)", name, len(texts), most)
	}
	return texts, nil
}

// refuse refuses options that Docket does not have: to ignore them would answer
// another question.
func (o options) refuse(why map[string]string) error {
	for name, reason := range why {
		if raw := o[name]; !isMissing(raw) && string(raw) != `""` {
			return problem("%s is not supported: %s", name, reason)
		}
	}
	return nil
}
