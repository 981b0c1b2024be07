package logsapiextension

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/tenant"
)

// logsRoutes are GET /logs; docs/api-logs.md is its reference.
func (e *endpoints) logsRoutes() []route {
	return []route{{path: "/logs", shape: logsShape, methods: map[string]endpoint{http.MethodGet: e.guard(e.getLogs)}}}
}

// getLogs answers with a page of the caller's records, newest first.
func (e *endpoints) getLogs(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error {
	if err := caller.Can(tenant.ScopeRead); err != nil {
		return err
	}
	query, err := parseLogsQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	project, err := caller.ReadableProject("")
	if err != nil {
		return err
	}
	query.ProjectID = project.ID
	page, err := e.findLogs(r.Context(), query)
	if err != nil {
		return questionProblem(err)
	}
	writeLogsPage(w, page)
	return nil
}

// logsPage is a page of what a query selects.
type logsPage struct {
	query   logstore.Query
	records []record.Record
	// total is how many records the query selects on all pages.
	total int64
}

// findLogs asks the store for no more than it must: a first page that is not full
// needs no count, and a page beyond the end needs no search.
func (e *endpoints) findLogs(ctx context.Context, query logstore.Query) (logsPage, error) {
	page := logsPage{query: query}
	var err error
	if query.Offset > 0 {
		if page.total, err = e.countLogs(ctx, query); err != nil || page.total <= int64(query.Offset) {
			return page, err
		}
	}
	if page.records, err = e.reader.Search(ctx, query); err != nil {
		return page, fmt.Errorf("search records: %w", err)
	}
	found := int64(query.Offset) + int64(len(page.records))
	if query.Offset == 0 && len(page.records) == query.Limit {
		if page.total, err = e.countLogs(ctx, query); err != nil {
			return page, err
		}
	}
	// Records may come or go between the two questions.
	page.total = max(page.total, found)
	return page, nil
}

func (e *endpoints) countLogs(ctx context.Context, query logstore.Query) (int64, error) {
	total, err := e.reader.Count(ctx, query)
	if err != nil {
		return 0, fmt.Errorf("count records: %w", err)
	}
	return total, nil
}

// nextOffset is where the next page starts, or false on the last page.
func (p logsPage) nextOffset() (int64, bool) {
	next := int64(p.query.Offset) + int64(len(p.records))
	return next, len(p.records) > 0 && next < p.total
}

// flushSize is how many bytes of a page are collected before they are written:
// entries have no bound, so that a whole page may be large.
const flushSize = 64 << 10

// writeLogsPage writes the answer piece by piece.
func writeLogsPage(w http.ResponseWriter, page logsPage) {
	startJSON(w, http.StatusOK)
	buffer := append(make([]byte, 0, 2*flushSize), `{"status":"success","data":{"logs":[`...)
	for n, found := range page.records {
		if n > 0 {
			buffer = append(buffer, ',')
		}
		buffer = appendLogEntry(buffer, found)
		if len(buffer) >= flushSize {
			if _, err := w.Write(buffer); err != nil {
				return // the client has gone
			}
			buffer = buffer[:0]
		}
	}
	buffer = append(buffer, `],"pagination":{"total":`...)
	buffer = strconv.AppendInt(buffer, page.total, 10)
	buffer = append(buffer, `,"limit":`...)
	buffer = strconv.AppendInt(buffer, int64(page.query.Limit), 10)
	buffer = append(buffer, `,"offset":`...)
	buffer = strconv.AppendInt(buffer, int64(page.query.Offset), 10)
	buffer = append(buffer, `,"nextOffset":`...)
	if next, ok := page.nextOffset(); ok {
		buffer = strconv.AppendInt(buffer, next, 10)
	} else {
		buffer = append(buffer, "null"...)
	}
	buffer = append(buffer, "}}}"...)
	// An error here means that the client has gone; nobody is left to tell.
	_, _ = w.Write(buffer)
}
