package mcptools

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const (
	// projectArgument is the path parameter that names a project. It may be left out by
	// those whose key may use only one.
	projectArgument = "id"
	currentProject  = "@current"
	// maxAnswerBytes is the size of the largest answer of a tool: what is larger helps no
	// assistant.
	maxAnswerBytes = 256 << 10
)

// Options of a handler.
type Options struct {
	// Document is the OpenAPI document of the API, in YAML.
	Document []byte
	// API answers the requests that calls of tools are.
	API http.Handler
	// MayWrite tells whether who sends a request may change something, and so is offered
	// tools that do.
	MayWrite func(r *http.Request) bool
	// ReadOnly are tools that change nothing although they are no GET.
	ReadOnly func(tool string) bool
	// Version is the program's.
	Version string
}

// New returns a handler of the streamable HTTP transport. It keeps no sessions, so that
// any replica can answer any request. Who may use it is to be checked before it.
func New(options Options) (http.Handler, error) {
	parsed, err := parseDocument(options.Document)
	if err != nil {
		return nil, err
	}
	operations, err := parsed.operations()
	if err != nil {
		return nil, err
	}
	information := &mcp.Implementation{Name: "docket", Title: "Docket", Version: options.Version}
	reading, writing := mcp.NewServer(information, nil), mcp.NewServer(information, nil)
	for _, o := range operations {
		isReadOnly := o.isReadOnly() || options.ReadOnly(o.name)
		tool, handle := o.tool(isReadOnly), o.handler(options.API)
		writing.AddTool(tool, handle)
		if isReadOnly {
			reading.AddTool(tool, handle)
		}
	}
	choose := func(r *http.Request) *mcp.Server {
		if options.MayWrite(r) {
			return writing
		}
		return reading
	}
	return mcp.NewStreamableHTTPHandler(choose, &mcp.StreamableHTTPOptions{
		Stateless: true, JSONResponse: true,
		// Every request shows a key, which a web site that rebinds names has not.
		DisableLocalhostProtection: true,
	}), nil
}

func (o operation) tool(isReadOnly bool) *mcp.Tool {
	no := false
	destroys := o.method == http.MethodDelete
	return &mcp.Tool{
		Name: o.name, Description: o.description, InputSchema: o.schema,
		Annotations: &mcp.ToolAnnotations{ReadOnlyHint: isReadOnly, DestructiveHint: &destroys, OpenWorldHint: &no},
	}
}

// handler calls the API.
func (o operation) handler(api http.Handler) mcp.ToolHandler {
	return func(ctx context.Context, call *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		request, err := o.request(ctx, call.Params.Arguments)
		if err != nil {
			return failure(err.Error()), nil
		}
		if call.Extra != nil {
			for _, name := range []string{"Authorization", "Docket-Project-Id", "User-Agent", "X-Forwarded-For"} {
				if value := call.Extra.Header.Get(name); value != "" {
					request.Header.Set(name, value)
				}
			}
		}
		answer := &recorder{header: http.Header{}, status: http.StatusOK}
		api.ServeHTTP(answer, request)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case answer.isTooLarge:
			return failure(fmt.Sprintf("The answer has more than %d bytes: ask for a shorter time, with more filters or for fewer records.", maxAnswerBytes)), nil
		case answer.status >= http.StatusMultipleChoices:
			return failure(answer.body.String()), nil
		case answer.body.Len() == 0:
			return success("Done."), nil
		default:
			return success(answer.body.String()), nil
		}
	}
}

func success(text string) *mcp.CallToolResult {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: text}}}
}

func failure(text string) *mcp.CallToolResult {
	result := success(text)
	result.IsError = true
	return result
}

// request returns the request of the API that a call is.
func (o operation) request(ctx context.Context, arguments json.RawMessage) (*http.Request, error) {
	given := map[string]json.RawMessage{}
	if len(arguments) > 0 {
		if err := json.Unmarshal(arguments, &given); err != nil {
			return nil, fmt.Errorf("the arguments must be a JSON object: %w", err)
		}
	}
	path := o.path
	for _, name := range o.pathParameters {
		value := parameterOf(given[name])
		if value == "" && name == projectArgument {
			value = currentProject
		}
		if value == "" {
			return nil, fmt.Errorf("the argument %s is required", name)
		}
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
		delete(given, name)
	}
	query := url.Values{}
	for _, name := range o.queryParameters {
		if value, ok := given[name]; ok {
			query.Set(name, parameterOf(value))
			delete(given, name)
		}
	}
	for name := range given {
		if !slices.Contains(o.bodyMembers, name) {
			return nil, fmt.Errorf("the tool has no argument %s", name)
		}
	}
	body := []byte(nil)
	if o.bodyMembers != nil {
		var err error
		if body, err = json.Marshal(given); err != nil {
			return nil, fmt.Errorf("write the body: %w", err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, o.method, path+"?"+query.Encode(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	request.RequestURI = request.URL.RequestURI()
	request.Host = "docket"
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}

// parameterOf returns an argument as a parameter is written: a text as it is, all else
// as JSON.
func parameterOf(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}

// recorder keeps an answer of the API.
type recorder struct {
	header     http.Header
	status     int
	body       bytes.Buffer
	isTooLarge bool
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) { r.status = status }

// Write implements http.ResponseWriter. It refuses what is too large, so that the API
// stops making it.
func (r *recorder) Write(part []byte) (int, error) {
	if r.body.Len()+len(part) > maxAnswerBytes {
		r.isTooLarge = true
		return 0, errTooLarge
	}
	return r.body.Write(part)
}

var errTooLarge = fmt.Errorf("the answer has more than %d bytes", maxAnswerBytes)
