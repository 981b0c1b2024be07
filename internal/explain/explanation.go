package explain

import (
	_ "embed" // the schema
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/google/jsonschema-go/jsonschema"
)

// Explanation is what a model says of a record. Its JSON is the answer of PostHog's
// explainLogWithAI.
type Explanation struct {
	Headline string `json:"headline"`
	// SeverityAssessment is ok, warning, error or critical.
	SeverityAssessment string `json:"severity_assessment"`
	ImpactSummary      string `json:"impact_summary"`
	// ProbableCauses are one to three, the most probable first.
	ProbableCauses []Cause `json:"probable_causes"`
	// ImmediateActions are one to five, the most urgent first.
	ImmediateActions     []Action `json:"immediate_actions"`
	TechnicalExplanation string   `json:"technical_explanation"`
	// KeyFields are fields that the record has.
	KeyFields []KeyField `json:"key_fields"`
}

// Cause is what may have caused a record. Its confidence is high, medium or low.
type Cause struct {
	Hypothesis string `json:"hypothesis"`
	Confidence string `json:"confidence"`
	Reasoning  string `json:"reasoning"`
}

// Action is what to do. Its priority is now, soon or later.
type Action struct {
	Action   string `json:"action"`
	Priority string `json:"priority"`
	Why      string `json:"why"`
}

// KeyField is a field of the record. Its attribute type is log or resource.
type KeyField struct {
	Field         string `json:"field"`
	Value         string `json:"value"`
	Significance  string `json:"significance"`
	AttributeType string `json:"attribute_type"`
}

// maxTextBytes is the size of each text of an explanation; longer ones are cut.
const maxTextBytes = 4000

//go:embed schema.json
var schemaJSON []byte

// Schema is the JSON schema of an Explanation, as models are asked for it.
func Schema() json.RawMessage { return slices.Clone(schemaJSON) }

// parser reads explanations.
type parser struct{ schema *jsonschema.Resolved }

func newParser() (parser, error) {
	var schema jsonschema.Schema
	if err := json.Unmarshal(schemaJSON, &schema); err != nil {
		return parser{}, fmt.Errorf("read the schema of explanations: %w", err)
	}
	resolved, err := schema.Resolve(nil)
	if err != nil {
		return parser{}, fmt.Errorf("resolve the schema of explanations: %w", err)
	}
	return parser{resolved}, nil
}

// parse reads a model's answer. The error is for the model, which may try again.
func (p parser) parse(answer string) (Explanation, error) {
	var value any
	if err := json.Unmarshal([]byte(answer), &value); err != nil {
		return Explanation{}, fmt.Errorf("the answer is no JSON: %w", err)
	}
	if err := p.schema.Validate(value); err != nil {
		return Explanation{}, fmt.Errorf("the answer has not the shape asked for: %w", err)
	}
	var explanation Explanation
	if err := json.Unmarshal([]byte(answer), &explanation); err != nil {
		return Explanation{}, fmt.Errorf("the answer has not the shape asked for: %w", err)
	}
	return explanation, nil
}

// settle puts an explanation in order: most urgent actions first, fields that the record
// has, with its values, and texts of bounded length.
func (e *Explanation) settle(q question) {
	rank := func(priority string) int { return slices.Index([]string{"now", "soon", "later"}, priority) }
	slices.SortStableFunc(e.ImmediateActions, func(a, b Action) int { return rank(a.Priority) - rank(b.Priority) })
	known := []KeyField{}
	for _, field := range e.KeyFields {
		value, ok := q.valueOf(field.Field, field.AttributeType)
		if ok {
			field.Value = value
			known = append(known, field)
		}
	}
	e.KeyFields = known
	for _, text := range e.texts() {
		*text = cut(*text, maxTextBytes)
	}
}

// texts are the free texts of an explanation.
func (e *Explanation) texts() []*string {
	all := []*string{&e.Headline, &e.ImpactSummary, &e.TechnicalExplanation}
	for i := range e.ProbableCauses {
		all = append(all, &e.ProbableCauses[i].Hypothesis, &e.ProbableCauses[i].Reasoning)
	}
	for i := range e.ImmediateActions {
		all = append(all, &e.ImmediateActions[i].Action, &e.ImmediateActions[i].Why)
	}
	for i := range e.KeyFields {
		all = append(all, &e.KeyFields[i].Significance)
	}
	return all
}

// cut returns at most so many bytes of a text, with an ellipsis if it is cut.
func cut(text string, size int) string {
	if len(text) <= size {
		return text
	}
	for size > 0 && !utf8.RuneStart(text[size]) {
		size--
	}
	return text[:size] + "…"
}
