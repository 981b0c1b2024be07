package embedded

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

const (
	// maxIDBytes is the length of the longest id. (Docket's own have 36 bytes.)
	maxIDBytes = 1024
	// maxDepth is the number of levels that values may have. What handles them is
	// recursive, and Go ends a process whose stack outgrows its limit.
	maxDepth = 10_000
)

// refusal is the reason why a record can never be stored, in words for an
// operator.
type refusal string

func (r refusal) Error() string { return string(r) }

// refusalOf returns why a record cannot be stored, nil if it can.
func refusalOf(r record.Record) error {
	if _, err := tenantOf(r.ProjectID()); err != nil {
		return refusal(fmt.Sprintf("%v: see the resource attribute %s", err, record.AttributeProjectID))
	}
	switch id := r.ID(); {
	case id == "":
		return refusal("it has no id: see the attribute " + record.AttributeID)
	case len(id) > maxIDBytes:
		return refusal(fmt.Sprintf("its id has %d bytes, more than %d", len(id), maxIDBytes))
	case !utf8.ValidString(id):
		return refusal(fmt.Sprintf("its id %+q is not UTF-8", id))
	}
	if r.IsDeeper(maxDepth) {
		return refusal(fmt.Sprintf("one of its values has more than %d levels", maxDepth))
	}
	return nil
}

// encodeAll returns the rows of all records but those that are refused. Any other
// error concerns the whole batch.
func (e *encoder) encodeAll(ctx context.Context, batch []record.Record) ([]row, []logstore.Refusal, error) {
	rows := make([]row, 0, len(batch))
	var refused []logstore.Refusal
	for position, r := range batch {
		with, err := e.encodeSafely(ctx, rows, r)
		reason, isRefused := errors.AsType[refusal](err)
		switch {
		case isRefused:
			refused = append(refused, logstore.Refusal{Position: position, Reason: string(reason)})
		case err != nil:
			return nil, nil, fmt.Errorf("encode record %d of the batch: %w", position, err)
		default:
			rows = with
		}
	}
	return rows, refused, nil
}

// encodeSafely refuses a record that makes encode panic: else it would end the
// process at every start, as the journal offers it again.
func (e *encoder) encodeSafely(ctx context.Context, dst []row, r record.Record) (rows []row, err error) {
	defer func() {
		if failure := recover(); failure != nil {
			err = refusal(fmt.Sprintf("encoding it fails: %v", failure))
		}
	}()
	if err := refusalOf(r); err != nil {
		return nil, err
	}
	return e.encode(ctx, dst, r)
}
