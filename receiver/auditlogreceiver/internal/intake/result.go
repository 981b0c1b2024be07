package intake

import "time"

// Origin is where a record says that it belongs.
type Origin struct {
	// Project is the project that the record itself names; "" when it names none.
	Project string
	// Service is the record's service.name; "" when it names none.
	Service string
}

// Receipt is what a client gets for a record that is kept.
type Receipt struct {
	// ID is the record's id, a lower-case UUIDv7.
	ID string
	// Hash is the record's hash, 64 lower-case hex digits.
	Hash string
	// ReceivedAt is the record's observed time.
	ReceivedAt time.Time
}

// Result is what became of one record of a bulk request: it is kept, with a
// receipt, or refused, with a problem.
type Result struct {
	Receipt Receipt
	// Problem is nil when the record is kept.
	Problem *Problem
}

// Summary is the part of a bulk answer that is the same in every format.
type Summary struct {
	// Accepted and Rejected count the records that are kept and refused.
	Accepted int `json:"accepted"`
	Rejected int `json:"rejected"`
	// Results has one entry for each record, in the order of the request.
	Results []ResultEntry `json:"results"`
}

// ResultEntry is what a bulk answer says of one record.
type ResultEntry struct {
	// Index is the position of the record in the request, from 0.
	Index int `json:"index"`
	// ID and Hash are those of a record that is kept.
	ID   string `json:"id,omitempty"`
	Hash string `json:"hash,omitempty"`
	// Error is what the format says of a record that is refused.
	Error any `json:"error,omitempty"`
}

// Summarize counts results and lists them; describe returns what the format says
// of a problem.
func Summarize(results []Result, describe func(*Problem) any) Summary {
	summary := Summary{Results: make([]ResultEntry, len(results))}
	for i, result := range results {
		if result.Problem != nil {
			summary.Rejected++
			summary.Results[i] = ResultEntry{Index: i, Error: describe(result.Problem)}
			continue
		}
		summary.Accepted++
		summary.Results[i] = ResultEntry{Index: i, ID: result.Receipt.ID, Hash: result.Receipt.Hash}
	}
	return summary
}
