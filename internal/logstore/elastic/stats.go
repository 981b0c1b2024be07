package elastic

import (
	"net/http"
	"sync/atomic"
)

// Stats are numbers since the backend was made.
type Stats struct {
	// Created counts the documents that the cluster took, Existing those that it had
	// already, Refused the records that it, or Docket before it, refused for good.
	Created, Existing, Refused int64
	// Requests counts bulk requests by their outcome.
	Requests map[Outcome]int64
	// Retries counts the bulk requests of them that repeated one, or a part of one.
	Retries int64
	// Bytes is the size of all bulk requests before compression.
	Bytes int64
}

// Outcome is the outcome of a bulk request.
type Outcome string

// The outcomes.
const (
	// OutcomeSuccess is a success, although not of each document.
	OutcomeSuccess Outcome = "2xx"
	// OutcomeThrottled is an answer of the status 429.
	OutcomeThrottled Outcome = "429"
	// OutcomeRejected is any other answer that blames the request.
	OutcomeRejected Outcome = "4xx"
	// OutcomeFailed is any other answer.
	OutcomeFailed Outcome = "5xx"
	// OutcomeUnanswered is no answer, or one that makes no sense.
	OutcomeUnanswered Outcome = "none"
)

// outcomes are all of them.
func outcomes() [5]Outcome {
	return [...]Outcome{OutcomeSuccess, OutcomeThrottled, OutcomeRejected, OutcomeFailed, OutcomeUnanswered}
}

// outcomeOf returns the outcome of an answer.
func outcomeOf(status int) Outcome {
	switch {
	case status >= http.StatusOK && status < http.StatusMultipleChoices:
		return OutcomeSuccess
	case status == http.StatusTooManyRequests:
		return OutcomeThrottled
	case status >= http.StatusBadRequest && status < http.StatusInternalServerError:
		return OutcomeRejected
	default:
		return OutcomeFailed
	}
}

// counters are what Stats are made of.
type counters struct {
	created, existing, refused, retries, bytes       atomic.Int64
	success, throttled, rejected, failed, unanswered atomic.Int64
}

func (c *counters) request(outcome Outcome) *atomic.Int64 {
	switch outcome {
	case OutcomeSuccess:
		return &c.success
	case OutcomeThrottled:
		return &c.throttled
	case OutcomeRejected:
		return &c.rejected
	case OutcomeFailed:
		return &c.failed
	default:
		return &c.unanswered
	}
}

// Stats returns the numbers.
func (b *Backend) Stats() Stats {
	c := &b.stats
	requests := map[Outcome]int64{}
	for _, outcome := range outcomes() {
		requests[outcome] = c.request(outcome).Load()
	}
	return Stats{
		Created: c.created.Load(), Existing: c.existing.Load(), Refused: c.refused.Load(),
		Requests: requests, Retries: c.retries.Load(), Bytes: c.bytes.Load(),
	}
}
