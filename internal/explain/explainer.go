package explain

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/docketlog/docket/internal/redact"
)

// Model answers a question with a JSON text of a schema.
type Model interface {
	// Ask sends messages and returns the text of the answer. An empty text is an
	// answer too. Errors are *ModelError, or that of ctx.
	Ask(ctx context.Context, messages []Message, schemaName string, schema []byte) (string, error)
}

// Message is one turn of a conversation.
type Message struct {
	// Role is system, user or assistant.
	Role string
	Text string
}

// ModelError says that a model could not be asked.
type ModelError struct {
	// Reason is for people, without secrets.
	Reason string
	// Status is the HTTP status that it answered with, 0 if it did not.
	Status int
	cause  error
}

func (e *ModelError) Error() string { return "the model cannot be asked: " + e.Reason }

func (e *ModelError) Unwrap() error { return e.cause }

// ErrNoAnswer says that a model has answered twice with nothing of use.
var ErrNoAnswer = errors.New("the model gave no usable answer")

// Explainer explains records. It is safe for concurrent use.
type Explainer struct {
	model    Model
	redactor *redact.Redactor
	parser   parser
}

// New returns an explainer that tells the model nothing that the redactor takes out.
func New(model Model, redactor *redact.Redactor) (*Explainer, error) {
	parser, err := newParser()
	if err != nil {
		return nil, err
	}
	return &Explainer{model: model, redactor: redactor, parser: parser}, nil
}

// Explain asks the model, once more if its answer is of no use. Errors are ErrNoAnswer,
// *ModelError and that of ctx.
func (e *Explainer) Explain(ctx context.Context, subject Subject) (Explanation, error) {
	q := newQuestion(subject, e.redactor)
	text, err := q.text()
	if err != nil {
		return Explanation{}, err
	}
	messages := []Message{{Role: "system", Text: instructions}, {Role: "user", Text: text}}
	const attempts = 2
	var refused error
	for range attempts {
		answer, err := e.model.Ask(ctx, messages, "log_explanation", Schema())
		if err != nil {
			return Explanation{}, err
		}
		explanation, err := e.parser.parse(answer)
		if err == nil {
			explanation.settle(q)
			return explanation, nil
		}
		refused = err
		if strings.TrimSpace(answer) != "" {
			messages = append(messages[:2:2], Message{Role: "assistant", Text: cut(answer, maxBodyBytes)},
				Message{Role: "user", Text: cut(err.Error(), maxValueBytes) + ". Answer again, with that JSON object alone."})
		}
	}
	return Explanation{}, fmt.Errorf("%w: %w", ErrNoAnswer, refused)
}
