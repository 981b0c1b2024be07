package bench

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/collector"
)

const (
	// messageStart and messageEnd stand around a record's number in its message.
	messageStart, messageEnd = "Order ", " paid late"
	// settledWithin bounds the wait for the last record to become findable, or to
	// leave the queue.
	settledWithin = time.Minute
	pageSize      = 1000
)

// auditDocket reads back everything that is stored: each acknowledged record must
// be there, once, and nothing else. It returns how many there are.
func auditDocket(b *testing.B, docket *subject, server *collector.Collector) (found int64) {
	b.Helper()
	docket.await(b)
	c := client.New(server.Endpoints, adminKey)
	defer c.Close()
	// Every request that was begun was answered 200, or the benchmark has failed. So
	// the acknowledged records have the numbers from 1 on.
	counts := make([]int, docket.acknowledged+1)
	// Reading all without bounds would take the longer for each page, the more
	// there are; so it goes second by second.
	for second := docket.since.Truncate(time.Second); !second.After(time.Now()); second = second.Add(time.Second) {
		for _, message := range messagesOf(b, c, second) {
			number := numberOf(message)
			if number < 1 || number > docket.acknowledged {
				b.Fatalf("%s: nobody sent the record %q", docket.name, message)
			}
			counts[number]++
			found++
		}
	}
	for number, count := range counts[1:] {
		if count != 1 {
			b.Fatalf("%s: record %d was acknowledged once and is stored %d times", docket.name, number+1, count)
		}
	}
	return found
}

// numberOf returns the number in a record's message, or -1.
func numberOf(message string) int64 {
	digits := strings.TrimSuffix(strings.TrimPrefix(message, messageStart), messageEnd)
	number, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return -1
	}
	return number
}

// messagesOf returns the messages of one second's records.
func messagesOf(b *testing.B, c *client.Client, second time.Time) (messages []string) {
	b.Helper()
	named := second.UTC().Format(time.RFC3339) // both bounds include all of the second that they name
	query := url.Values{"startDate": {named}, "endDate": {named}, "limit": {strconv.Itoa(pageSize)}}
	for offset := int64(0); ; {
		query.Set("offset", strconv.FormatInt(offset, 10))
		page, err := c.Search(b.Context(), query)
		if err != nil {
			b.Fatalf("read the records of %s from offset %d on: %v", named, offset, err)
		}
		for _, log := range page.Logs {
			messages = append(messages, log.Message)
		}
		if page.Pagination.NextOffset == nil {
			return messages
		}
		offset = *page.Pagination.NextOffset
	}
}
