package logsapiextension

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/docketlog/docket/extension/logsapiextension/internal/contentcoding"
	"github.com/docketlog/docket/extension/logsapiextension/internal/posthoglogs"
)

// An export is a file that is sent while it is read from the store:
//
//	GET  …/logs/export?format=csv&query={…}&columns=timestamp,body
//	POST …/logs/export?format=csv   {"query": {…}, "columns": ["timestamp", "body"]}
//
// The header Accept, with text/csv or application/x-ndjson, does what format does.
// PostHog's API has only a POST without a format. It answers 201 with an object that
// describes a file to be made later; Docket answers the same with, in content_url, the
// address of a GET that makes the file at once. So nothing is kept on the server.

// exportAnswer describes an export that has not been made yet.
type exportAnswer struct {
	ID           int64     `json:"id"`
	ExportFormat string    `json:"export_format"`
	CreatedAt    time.Time `json:"created_at"`
	// HasContent is always true: the content is made when it is asked for.
	HasContent bool   `json:"has_content"`
	Filename   string `json:"filename"`
	// ContentURL is the address of the file.
	ContentURL string `json:"content_url"`
}

// getExport answers with a file.
func (e *endpoints) getExport(w http.ResponseWriter, r *http.Request, api posthoglogs.API) error {
	parameters, err := parametersOf(r)
	if err != nil {
		return err
	}
	body, err := exportBody(parameters)
	if err != nil {
		return err
	}
	format, err := exportFormat(r, parameters)
	if err != nil {
		return err
	}
	if format == "" {
		format = posthoglogs.FormatCSV
	}
	return e.sendExport(w, r, api, body, format)
}

// postExport answers with a file if the request asks for a format, and else with where
// to get one.
func (e *endpoints) postExport(w http.ResponseWriter, r *http.Request, api posthoglogs.API) error {
	parameters, err := parametersOf(r)
	if err != nil {
		return err
	}
	given, err := readBody(r)
	if err != nil {
		return err
	}
	body := given.Members()
	format, err := exportFormat(r, parameters)
	if err != nil {
		return err
	}
	if format != "" {
		return e.sendExport(w, r, api, body, format)
	}
	export, err := api.Export(body, posthoglogs.FormatCSV)
	if err != nil {
		return err
	}
	link, err := e.exportLink(r, export)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, exportAnswer{
		ID: export.ID, ExportFormat: "text/csv", CreatedAt: api.Now.UTC(), HasContent: true,
		Filename: export.Filename + ".csv", ContentURL: link,
	})
}

// exportBody returns the body that the parameters of a GET stand for.
func exportBody(parameters url.Values) (posthoglogs.Body, error) {
	body := posthoglogs.Body{}
	if text := parameters.Get("query"); text != "" {
		if !json.Valid([]byte(text)) {
			return nil, parseProblem("The parameter 'query' is not valid JSON.")
		}
		body["query"] = json.RawMessage(text)
	}
	text := parameters.Get("columns")
	switch {
	case text == "":
	case json.Valid([]byte(text)): // a list, for names with commas
		body["columns"] = json.RawMessage(text)
	default:
		columns, err := json.Marshal(strings.Split(text, ","))
		if err != nil {
			return nil, fmt.Errorf("encode the columns: %w", err)
		}
		body["columns"] = columns
	}
	return body, nil
}

// exportFormat returns the format that a request asks for; "" if it asks for none.
func exportFormat(r *http.Request, parameters url.Values) (posthoglogs.Format, error) {
	if name := parameters.Get("format"); name != "" {
		return posthoglogs.ParseFormat(name)
	}
	for accepted := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		mediaType, _, _ := mime.ParseMediaType(accepted)
		switch mediaType {
		case "text/csv":
			return posthoglogs.FormatCSV, nil
		case "application/x-ndjson", "application/jsonl":
			return posthoglogs.FormatNDJSON, nil
		}
	}
	return "", nil
}

// exportLink returns the address of the file of an export.
func (e *endpoints) exportLink(r *http.Request, export *posthoglogs.Export) (string, error) {
	query, err := json.Marshal(export.Question)
	if err != nil {
		return "", fmt.Errorf("encode the question: %w", err)
	}
	parameters := url.Values{"format": {string(posthoglogs.FormatCSV)}, "query": {string(query)}}
	if len(export.Columns) > 0 {
		columns, err := json.Marshal(export.Columns)
		if err != nil {
			return "", fmt.Errorf("encode the columns: %w", err)
		}
		parameters.Set("columns", string(columns))
	}
	return e.links.to(r, parameters), nil
}

// exportBuffer is how many bytes of an export are collected before they are sent, and
// how late an error can be told as such.
const exportBuffer = 64 << 10

// sendExport answers with a file.
func (e *endpoints) sendExport(
	w http.ResponseWriter, r *http.Request, api posthoglogs.API, body posthoglogs.Body, format posthoglogs.Format,
) error {
	export, err := api.Export(body, format)
	if err != nil {
		return err
	}
	return e.sendFile(w, r, api.ProjectID, export, format)
}

// sendFile answers with the file of an export.
func (e *endpoints) sendFile(
	w http.ResponseWriter, r *http.Request, projectID int64, export *posthoglogs.Export, format posthoglogs.Format,
) error {
	w.Header().Add("Vary", "Accept, Accept-Encoding")
	answer, err := newStreamedAnswer(w, format.ContentType(), export.Filename+"."+string(format))
	if err != nil {
		return err
	}
	write := export.Write
	if contentcoding.AcceptsGzip(r.Header) {
		answer.encoding = "gzip"
		write = compressed(write)
	}
	return e.stream(r, answer, "An export was cut short", func(ctx context.Context, w io.Writer) error {
		buffer := bufio.NewWriterSize(w, exportBuffer)
		err := write(ctx, buffer)
		if err == nil {
			err = buffer.Flush()
		}
		e.noteExport(r, projectID, export, format, err)
		return err
	})
}

// compressed returns what writes in gzip what write writes.
func compressed(write func(context.Context, io.Writer) error) func(context.Context, io.Writer) error {
	return func(ctx context.Context, w io.Writer) error {
		compressor, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
		if err != nil {
			return fmt.Errorf("compress: %w", err)
		}
		if err := write(ctx, compressor); err != nil {
			return err // without an end, it cannot be taken for the whole
		}
		return compressor.Close()
	}
}
