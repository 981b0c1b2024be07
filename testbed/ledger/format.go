package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docketlog/docket/testbed/client"
)

// format is a way to send records.
type format struct {
	name string
	// item is one record as JSON. The filler makes it larger.
	item func(number int, message, filler string) string
	// join makes the body of several items.
	join func(items []string) string
	post func(ctx context.Context, c *client.Client, body string) (client.Response, error)
	// receipts reads the answer 200 to a request of that many items.
	receipts func(body []byte, count int) ([]receipt, error)
}

// formatsNamed returns the formats of these names, or all if there are none.
func formatsNamed(names []string) []format {
	all := formats()
	if len(names) == 0 {
		return all
	}
	return slices.DeleteFunc(all, func(f format) bool { return !slices.Contains(names, f.name) })
}

func formats() []format {
	return []format{
		{
			name: "LogSentry",
			item: func(number int, message, filler string) string {
				return fmt.Sprintf(`{"project": 1, "level": %d, "msg": %q, "context": {"number": %d, "filler": %q}, "user": {"id": "u-%d"}}`,
					number%8, message, number, filler, number%100)
			},
			join: jsonArray,
			post: func(ctx context.Context, c *client.Client, body string) (client.Response, error) {
				return c.LogSentry(ctx, body)
			},
			receipts: auditReceipts,
		},
		{
			name: "LogHub",
			item: func(number int, message, filler string) string {
				return fmt.Sprintf(`{"actor": {"type": "user", "data": {"internal_id": "%d"}}, "action": "ledger.entered", "message": %q,
					"metadata": {"old": {"n": %d}, "new": {"n": %d, "filler": %q}}, "external_id": "w-%d", "context": {"location": "192.0.2.1"}}`,
					number%100, message, number, number+1, filler, number%10)
			},
			join: jsonArray,
			post: func(ctx context.Context, c *client.Client, body string) (client.Response, error) {
				return c.LogHub(ctx, "default", body)
			},
			receipts: auditReceipts,
		},
		{
			name: "CodeMash",
			item: func(number int, message, filler string) string {
				return fmt.Sprintf(`{"message": %q, "level": "Warning", "items": {"number": "%d", "filler": %q}}`, message, number, filler)
			},
			join: jsonArray,
			post: func(ctx context.Context, c *client.Client, body string) (client.Response, error) {
				return c.CodeMash(ctx, "v1", "1", body)
			},
			receipts: auditReceipts,
		},
		{
			name: "OTLP/HTTP",
			item: func(number int, message, filler string) string {
				return fmt.Sprintf(`{"timeUnixNano": "%d", "severityNumber": 9, "body": {"stringValue": %q},
					"attributes": [{"key": "number", "value": {"intValue": "%d"}}, {"key": "filler", "value": {"stringValue": %q}}]}`,
					time.Now().UnixNano(), message, number, filler)
			},
			join: func(items []string) string {
				return `{"resourceLogs": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "ledger"}}]},
					"scopeLogs": [{"logRecords": ` + jsonArray(items) + `}]}]}`
			},
			post: func(ctx context.Context, c *client.Client, body string) (client.Response, error) {
				return c.OTLPJSON(ctx, body)
			},
			receipts: otlpReceipts,
		},
	}
}

func jsonArray(items []string) string { return "[" + strings.Join(items, ",") + "]" }

// body is the request of these records; a single one has the documented form.
func (f format) body(first, count int, filler string) string {
	items := make([]string, count)
	for i := range items {
		items[i] = f.item(first+i, message(first+i), filler)
	}
	return f.join(items)
}

// auditReceipts reads what LogSentry, LogHub and CodeMash answer.
func auditReceipts(body []byte, count int) ([]receipt, error) {
	var answer struct {
		Hash   string          `json:"hash"`   // of LogSentry's single record
		Result json.RawMessage `json:"result"` // the id of CodeMash's single record, a list of several
		Data   struct {
			ID string `json:"id"` // of LogHub's single record
		} `json:"data"`
		Accepted int `json:"accepted"`
		Results  []struct {
			Index int    `json:"index"`
			ID    string `json:"id"`
			Hash  string `json:"hash"`
		} `json:"results"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if answer.Results == nil {
		result, err := strconv.Unquote(string(answer.Result))
		one := receipt{id: answer.Data.ID, hash: answer.Hash}
		if err == nil {
			one.id = result
		}
		if count != 1 || one == (receipt{}) {
			return nil, fmt.Errorf("no receipts of %d records", count)
		}
		return []receipt{one}, nil
	}
	if answer.Accepted != count || len(answer.Results) != count {
		return nil, fmt.Errorf("%d records and %d results, not %d", answer.Accepted, len(answer.Results), count)
	}
	receipts := make([]receipt, count)
	for i, result := range answer.Results {
		if result.Index != i || result.ID == "" || result.Hash == "" {
			return nil, fmt.Errorf("result %d is no receipt", i)
		}
		receipts[i] = receipt{id: result.ID, hash: result.Hash}
	}
	return receipts, nil
}

// otlpReceipts reads an export answer: it has neither ids nor hashes, but must not
// say that some were rejected.
func otlpReceipts(body []byte, count int) ([]receipt, error) {
	var answer struct {
		PartialSuccess struct {
			RejectedLogRecords json.Number `json:"rejectedLogRecords"`
			ErrorMessage       string      `json:"errorMessage"`
		} `json:"partialSuccess"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if answer.PartialSuccess.RejectedLogRecords != "" || answer.PartialSuccess.ErrorMessage != "" {
		return nil, errors.New("a partial success")
	}
	return make([]receipt, count), nil
}
