package ledger

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/collector"
)

// stored is a record of a storeServer.
type stored struct {
	at                time.Time
	message, id, hash string
}

// storeServer answers GET /logs from a list, as docs/api-logs.md says.
func storeServer(t *testing.T, records []stored) *client.Client {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		found := slices.DeleteFunc(slices.Clone(records), func(record stored) bool {
			at := second(record.at)
			return query.Has("startDate") && at < query.Get("startDate") ||
				query.Has("endDate") && at > query.Get("endDate") ||
				!strings.Contains(record.message, query.Get("search"))
		})
		limit, err := strconv.Atoi(query.Get("limit"))
		if err != nil {
			limit = 50
		}
		offset, _ := strconv.Atoi(query.Get("offset"))
		var page client.Page
		for _, record := range found[offset:min(offset+limit, len(found))] {
			page.Logs = append(page.Logs, client.Log{
				Timestamp: record.at, Message: record.message, Details: map[string]any{"id": record.id, "hash": record.hash},
			})
		}
		page.Pagination = client.Pagination{Total: int64(len(found)), Limit: int64(limit), Offset: int64(offset)}
		if next := int64(offset + limit); next < page.Pagination.Total {
			page.Pagination.NextOffset = &next
		}
		assert.NoError(t, json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": page}))
	})
}

// serve returns a client of a server that answers everything so.
func serve(t *testing.T, handler http.HandlerFunc) *client.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	address, err := url.Parse(server.URL)
	require.NoError(t, err)
	c := client.New(collector.Endpoints{Ingest: address.Host, API: address.Host, OTLPHTTP: address.Host}, "key")
	t.Cleanup(c.Close)
	return c
}

// Records 0 to 2 were acknowledged, 3 and 4 got no answer, 5 was refused and 6 was
// never sent; the store has 0, 1, 2 and 3.
func TestAudit(t *testing.T) {
	for _, test := range []struct {
		name string
		// change makes the store, or the ledger, wrong.
		change func(*Ledger, []stored) []stored
		// problem is part of the only problem; "" means that there is none.
		problem string
	}{
		{"agreement", func(_ *Ledger, s []stored) []stored { return s }, ""},
		{"lost", func(_ *Ledger, s []stored) []stored { return s[1:] }, "record 0 of load 1 is lost"},
		{"doubled", func(_ *Ledger, s []stored) []stored { return append(s, s[1]) }, "record 1 of load 1 is there 2 times"},
		{"unanswered and doubled", func(_ *Ledger, s []stored) []stored { return append(s, s[3]) }, "record 3 of load 1 is there 2 times"},
		{"another id", func(_ *Ledger, s []stored) []stored { s[0].id = "x"; return s }, "record 0 has the id x"},
		{"another hash", func(_ *Ledger, s []stored) []stored { s[2].hash = "x"; return s }, "record 2 has the hash x"},
		{"refused", func(_ *Ledger, s []stored) []stored {
			return append(s, stored{at: s[0].at, message: message(5)})
		}, "record 5 of load 1 is there, though"},
		{"never sent", func(_ *Ledger, s []stored) []stored {
			return append(s, stored{at: s[0].at, message: message(6)})
		}, "record 6 of load 1 is there, though"},
		{"beyond the ledger", func(_ *Ledger, s []stored) []stored {
			return append(s, stored{at: s[0].at, message: message(7)})
		}, "nobody sent"},
		{"foreign", func(_ *Ledger, s []stored) []stored {
			return append(s, stored{at: s[0].at, message: "from elsewhere"})
		}, "nobody sent"},
		{"out of time", func(_ *Ledger, s []stored) []stored {
			return append(s, stored{at: s[0].at.Add(-time.Hour), message: message(0)})
		}, "5 records in all, but 4"},
		{"surprise", func(l *Ledger, s []stored) []stored { l.surprise("an answer %d", 418); return s }, "an answer 418"},
	} {
		t.Run(test.name, func(t *testing.T) {
			book := New(1)
			book.open(1, 7)
			book.acknowledge(0, []receipt{{id: "id-0", hash: "hash-0"}, {id: "id-1"}, {hash: "hash-2"}})
			book.set(refused, 5, 1)
			book.set(unsent, 6, 1)
			now := time.Now()
			records := test.change(book, []stored{
				{now, message(0), "id-0", "hash-0"},
				{now, message(1), "id-1", "hash-1"},
				{now, message(2), "id-2", "hash-2"},
				{now, message(3), "id-3", "hash-3"},
			})
			report, err := book.Audit(t.Context(), storeServer(t, records))
			require.NoError(t, err)
			if test.problem == "" {
				require.NoError(t, report.Err())
				assert.Equal(t, &Report{Acknowledged: 3, Refused: 1, Unanswered: 2, Present: 1}, report)
				return
			}
			require.Len(t, report.Problems, 1, "%v", report.Problems)
			assert.ErrorContains(t, report.Err(), test.problem)
		})
	}
}

func TestAuditReadsAllPages(t *testing.T) {
	const count = 2*pageSize + 1
	book := New(1)
	book.open(1, count)
	book.acknowledge(0, make([]receipt, count))
	var records []stored
	for number := range count {
		records = append(records, stored{at: time.Now(), message: message(number)})
	}
	report, err := book.Audit(t.Context(), storeServer(t, records))
	require.NoError(t, err)
	require.NoError(t, report.Err())
	assert.Equal(t, count, report.Acknowledged)
}

func TestAuditListsNoMoreThanOneCanRead(t *testing.T) {
	book := New(1)
	book.open(1, maxProblems+2)
	book.acknowledge(0, make([]receipt, maxProblems+2))
	report, err := book.Audit(t.Context(), storeServer(t, nil))
	require.NoError(t, err)
	assert.Len(t, report.Problems, maxProblems)
	assert.ErrorContains(t, report.Err(), "and 2 more")
}

func TestAuditNeedsAnswers(t *testing.T) {
	_, err := New(1).Audit(t.Context(), serve(t, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no", http.StatusInternalServerError)
	}))
	assert.ErrorContains(t, err, "500")
}

func TestSettleEndsInTime(t *testing.T) {
	const timeout = 50 * time.Millisecond
	err := New(1).Settle(t.Context(), serve(t, reply(http.StatusTooManyRequests, `{}`)), timeout)
	require.ErrorContains(t, err, "no record was taken")

	err = New(1).Settle(t.Context(), serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			reply(http.StatusOK, `{"hash":"h"}`)(w, r)
			return
		}
		reply(http.StatusOK, `{"status":"success","data":{"logs":[],"pagination":{"total":0}}}`)(w, r)
	}), timeout)
	require.ErrorContains(t, err, "look for the record that was sent last")
}
