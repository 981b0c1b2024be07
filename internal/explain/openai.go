package explain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	openai "github.com/sashabaranov/go-openai"
)

const (
	// maxAnswerTokens bounds what a model may write, and maxAnswerBytes what is read of
	// its answer.
	maxAnswerTokens = 2000
	maxAnswerBytes  = 1 << 20
)

// OpenAIConfig says which model to ask, over the chat completions protocol of OpenAI,
// which most servers of models speak.
type OpenAIConfig struct {
	// BaseURL is what stands before /chat/completions, such as http://localhost:11434/v1.
	BaseURL string
	// Model is the model's name.
	Model string
	// APIKey may be empty.
	APIKey string
	// Client sends the requests; nil means http.DefaultClient.
	Client *http.Client
}

type openAIModel struct {
	client *openai.Client
	name   string
}

// NewOpenAI returns a model behind the protocol of OpenAI.
func NewOpenAI(config OpenAIConfig) Model {
	settings := openai.DefaultConfig(config.APIKey)
	settings.BaseURL = config.BaseURL
	client := config.Client
	if client == nil {
		client = http.DefaultClient
	}
	settings.HTTPClient = limitedDoer{client}
	return &openAIModel{client: openai.NewClientWithConfig(settings), name: config.Model}
}

// Ask implements Model.
func (m *openAIModel) Ask(ctx context.Context, messages []Message, schemaName string, schema []byte) (string, error) {
	request := openai.ChatCompletionRequest{
		Model:               m.name,
		MaxCompletionTokens: maxAnswerTokens,
		ResponseFormat: &openai.ChatCompletionResponseFormat{
			Type: openai.ChatCompletionResponseFormatTypeJSONSchema,
			JSONSchema: &openai.ChatCompletionResponseFormatJSONSchema{
				Name: schemaName, Schema: json.RawMessage(schema), Strict: true,
			},
		},
	}
	for _, message := range messages {
		request.Messages = append(request.Messages, openai.ChatCompletionMessage{Role: message.Role, Content: message.Text})
	}
	response, err := m.client.CreateChatCompletion(ctx, request)
	if err != nil {
		return "", modelError(ctx, err)
	}
	if len(response.Choices) == 0 {
		return "", nil
	}
	return response.Choices[0].Message.Content, nil
}

// modelError leaves out what a server says of the request, as that may quote secrets.
func modelError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("ask the model: %w", ctx.Err())
	}
	if answered, ok := errors.AsType[*openai.APIError](err); ok {
		return &ModelError{Reason: fmt.Sprintf("it answered with HTTP status %d", answered.HTTPStatusCode), Status: answered.HTTPStatusCode, cause: err}
	}
	if answered, ok := errors.AsType[*openai.RequestError](err); ok {
		return &ModelError{Reason: fmt.Sprintf("it answered with HTTP status %d", answered.HTTPStatusCode), Status: answered.HTTPStatusCode, cause: err}
	}
	return &ModelError{Reason: "it cannot be reached, or its answer cannot be read", cause: err}
}

// limitedDoer reads no more of an answer than it may have.
type limitedDoer struct{ client *http.Client }

func (d limitedDoer) Do(request *http.Request) (*http.Response, error) {
	response, err := d.client.Do(request) //nolint:gosec // to where the operator says
	if err == nil {
		response.Body = limitedBody{io.LimitReader(response.Body, maxAnswerBytes), response.Body}
	}
	return response, err
}

type limitedBody struct {
	io.Reader
	io.Closer
}
