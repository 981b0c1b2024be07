package logstore

import "time"

// TooManyQueriesError says that as many questions are being answered as may be at the
// same time. The question was not begun.
type TooManyQueriesError struct {
	// Reason completes the sentence "too many queries: …".
	Reason string
	// RetryAfter is how long a client should wait; at least one second.
	RetryAfter time.Duration
}

func (e *TooManyQueriesError) Error() string { return "too many queries: " + e.Reason }
