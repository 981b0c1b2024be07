package elasticsearch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ErrAnswerTooLarge is wrapped by the error of reading an answer that is larger than
// Config.MaxAnswerBytes.
var ErrAnswerTooLarge = errors.New("the answer is larger than the limit")

const (
	// maxErrorBytes is how much is read of an answer that is no success.
	maxErrorBytes = 1 << 20
	// maxShownBytes is how much of it an error shows.
	maxShownBytes = 500
)

// UnreachableError says that the cluster did not answer, or that the answer did not come
// whole. What was asked for may have been done or not.
type UnreachableError struct {
	Method, Path string
	Err          error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("%s %s: the cluster did not answer: %v", e.Method, e.Path, e.Err)
}

// Unwrap returns why.
func (e *UnreachableError) Unwrap() error { return e.Err }

// StatusError is an answer that is no success.
type StatusError struct {
	Method, Path string
	// Status is the HTTP status, Body what came with it, perhaps cut off.
	Status int
	Body   []byte
	// Type and Reason are what the cluster says for people, empty if it says nothing.
	// They differ between products and versions: nothing is decided by them.
	Type, Reason string
	// RetryAfter is how long the cluster asks to wait, 0 if it does not say.
	RetryAfter time.Duration
}

func newStatusError(ctx context.Context, method, path string, response *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(response.Body, maxErrorBytes))
	if err != nil && ctx.Err() != nil {
		return err
	}
	// Otherwise what could be read is enough: the status is known.
	failure := &StatusError{
		Method: method, Path: path, Status: response.StatusCode, Body: body,
		RetryAfter: retryAfter(response.Header.Get("Retry-After"), time.Now()),
	}
	failure.Type, failure.Reason = explanation(body)
	return failure
}

func (e *StatusError) Error() string {
	message := fmt.Sprintf("%s %s: HTTP status %d", e.Method, e.Path, e.Status)
	explained := e.Type
	switch {
	case e.Type == "" && e.Reason == "":
		explained = string(e.Body)
	case e.Type != "" && e.Reason != "":
		explained += ": " + e.Reason
	case e.Reason != "":
		explained = e.Reason
	}
	if explained == "" {
		return message
	}
	return message + ": " + strings.ToValidUTF8(explained[:min(len(explained), maxShownBytes)], "")
}

// StatusOf returns the status of an answer that is no success, 0 if the error is another.
func StatusOf(err error) int {
	if status, ok := errors.AsType[*StatusError](err); ok {
		return status.Status
	}
	return 0
}

// IsMissing says whether what was asked for is not there.
func IsMissing(err error) bool { return StatusOf(err) == http.StatusNotFound }

// IsConflict says whether a document was not as the request demanded: it was changed, is
// gone, or exists already.
func IsConflict(err error) bool { return StatusOf(err) == http.StatusConflict }

// explanation reads what both products answer: an object with an error, which is an
// object or a text.
func explanation(body []byte) (kind, reason string) {
	var answer struct{ Error json.RawMessage }
	if json.Unmarshal(body, &answer) != nil {
		return "", ""
	}
	type cause struct {
		Type, Reason string
		CausedBy     *struct{ Reason string } `json:"caused_by"`
	}
	var explained cause
	if json.Unmarshal(answer.Error, &explained) != nil {
		_ = json.Unmarshal(answer.Error, &reason) // stays empty if it is no text
		return "", reason
	}
	reason = explained.Reason
	if explained.CausedBy != nil && explained.CausedBy.Reason != "" {
		reason += " (" + explained.CausedBy.Reason + ")"
	}
	return explained.Type, reason
}

// retryAfter reads the header of that name: seconds, or a date.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseInt(header, 10, 32); err == nil {
		return time.Duration(max(0, seconds)) * time.Second
	}
	if date, err := http.ParseTime(header); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}
