package ledger

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docketlog/docket/testbed/client"
)

// pageSize is the largest page of GET /logs.
const pageSize = 1000

// findableWithin is Docket's promise: a record is found that long after its 2xx, or
// after its application when it is replayed.
const findableWithin = 2 * time.Second

// Report is how a ledger and a store compare.
type Report struct {
	// Acknowledged is how many records must be there.
	Acknowledged int
	// Refused is how many must not be there.
	Refused int
	// Unanswered is how many may be there; Present of them are.
	Unanswered, Present int
	// Failures has the first errors of requests without an answer, at most
	// maxProblems.
	Failures []string
	// Problems has a text for everything that should not be, at most maxProblems.
	Problems []string
	// MoreProblems counts those that are not listed.
	MoreProblems int
}

const maxProblems = 30

func (r *Report) problem(format string, values ...any) {
	if len(r.Problems) == maxProblems {
		r.MoreProblems++
		return
	}
	r.Problems = append(r.Problems, fmt.Sprintf(format, values...))
}

// Err returns an error that lists the problems, or nil if there are none.
func (r *Report) Err() error {
	if len(r.Problems) == 0 {
		return nil
	}
	text := "the store and the ledger differ:\n" + strings.Join(r.Problems, "\n")
	if r.MoreProblems > 0 {
		text += fmt.Sprintf("\nand %d more", r.MoreProblems)
	}
	return errors.New(text)
}

// Settle returns when every record that was acknowledged before the call must be
// found. What the journal holds is applied in order, so Settle sends a record of its
// own, and when that is found, what came before it has findableWithin. It is an
// error when that record is not found within the timeout.
func (l *Ledger) Settle(ctx context.Context, c *client.Client, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	begin, last := time.Now(), l.open(0, 1)
	for !l.send(ctx, c, formats()[0], last, 1) { // the journal may be full until it is replayed
		if ctx.Err() != nil {
			return fmt.Errorf("no record was taken within %v", timeout)
		}
		time.Sleep(pause)
		last = l.open(0, 1)
	}
	query := url.Values{"startDate": {second(begin)}, "search": {message(last)}}
	for {
		page, err := c.Search(ctx, query)
		if err != nil {
			return fmt.Errorf("look for the record that was sent last: %w", err)
		}
		if page.Pagination.Total > 0 {
			break
		}
		time.Sleep(pause)
	}
	time.Sleep(findableWithin)
	return nil
}

// Audit compares everything that is stored with the ledger. No load may run, and
// the store must have settled.
func (l *Ledger) Audit(ctx context.Context, c *client.Client) (*Report, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	a := audit{entries: l.entries, counts: make([]uint8, len(l.entries)), report: &Report{Failures: slices.Clone(l.failures)}}
	for _, surprise := range l.surprises {
		a.report.problem("%s", surprise)
	}
	for at := l.begin; !at.Truncate(time.Second).After(time.Now()); at = at.Add(time.Second) {
		if err := a.readSecond(ctx, c, second(at)); err != nil {
			return nil, err
		}
	}
	if err := a.checkTotal(ctx, c); err != nil {
		return nil, err
	}
	a.settleAccounts()
	return a.report, nil
}

// second names a whole second for startDate and endDate, both of which include
// everything that is named.
func second(at time.Time) string { return at.UTC().Format(time.RFC3339) }

type audit struct {
	entries []entry
	// counts says how often each entry was found.
	counts []uint8
	// found is how many records were found.
	found  int64
	report *Report
}

// readSecond reads the records of one second page by page. Reading all without
// such bounds would take the longer for each page, the more there are.
func (a *audit) readSecond(ctx context.Context, c *client.Client, second string) error {
	query := url.Values{"startDate": {second}, "endDate": {second}, "limit": {strconv.Itoa(pageSize)}}
	for offset := int64(0); ; {
		query.Set("offset", strconv.FormatInt(offset, 10))
		page, err := c.Search(ctx, query)
		if err != nil {
			return fmt.Errorf("read the records of %s from offset %d on: %w", second, offset, err)
		}
		for _, log := range page.Logs {
			a.count(log)
		}
		if page.Pagination.NextOffset == nil {
			return nil
		}
		offset = *page.Pagination.NextOffset
	}
}

func (a *audit) count(log client.Log) {
	a.found++
	number, ok := numberOf(log.Message)
	if !ok || number >= len(a.entries) {
		a.report.problem("nobody sent %q, id %s", log.Message, log.ID())
		return
	}
	a.counts[number] = min(a.counts[number], math.MaxUint8-1) + 1
	expected := a.entries[number].receipt
	if expected.id != "" && expected.id != log.ID() {
		a.report.problem("record %d has the id %s, but the answer said %s", number, log.ID(), expected.id)
	}
	if expected.hash != "" && expected.hash != log.Hash() {
		a.report.problem("record %d has the hash %s, but the answer said %s", number, log.Hash(), expected.hash)
	}
}

// checkTotal finds out whether there are records outside of the time in which they
// were sent.
func (a *audit) checkTotal(ctx context.Context, c *client.Client) error {
	page, err := c.Search(ctx, url.Values{"limit": {"1"}})
	if err != nil {
		return fmt.Errorf("count all records: %w", err)
	}
	if page.Pagination.Total != a.found {
		a.report.problem("there are %d records in all, but %d in the seconds in which they were sent",
			page.Pagination.Total, a.found)
	}
	return nil
}

// settleAccounts compares how often each record was found with how often it may be.
func (a *audit) settleAccounts() {
	for number, entry := range a.entries {
		count := a.counts[number]
		if count > 1 {
			a.report.problem("record %d of load %d is there %d times", number, entry.load, count)
		}
		switch entry.state {
		case acknowledged:
			a.report.Acknowledged++
			if count == 0 {
				a.report.problem("record %d of load %d is lost; it was acknowledged with id %q and hash %q",
					number, entry.load, entry.id, entry.hash)
			}
		case refused, unsent:
			if entry.state == refused {
				a.report.Refused++
			}
			if count > 0 {
				a.report.problem("record %d of load %d is there, though it was refused or never sent", number, entry.load)
			}
		case unanswered:
			a.report.Unanswered++
			a.report.Present += min(int(count), 1)
		}
	}
}
