package posthoglogs

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// ErrNoRecord says that the project has no such record.
var ErrNoRecord = errors.New("there is no such record")

// RecordAnswer is the answer of Record.
type RecordAnswer struct {
	// Record has two more members than a row of Query: hash, and verified, which is
	// true if the hash is that of the record as it was read.
	Record Row `json:"record"`
}

// hashLength is the length of a record's hash in hex.
const hashLength = 64

// IsRecordName reports whether a text may name a record: it is a UUID, or a hash in hex;
// either in any case.
func IsRecordName(text string) bool {
	if len(text) == hashLength {
		_, err := hex.DecodeString(text)
		return err == nil
	}
	_, err := uuid.Parse(text)
	return err == nil && len(text) == len(uuid.Nil.String())
}

// Record returns the record of a name that IsRecordName.
func (a API) Record(ctx context.Context, name string, parameters Parameters) (RecordAnswer, error) {
	if err := checkNames(parameters, nameTimestamp); err != nil {
		return RecordAnswer{}, err
	}
	found, err := a.find(ctx, name, parameters)
	if err != nil {
		return RecordAnswer{}, err
	}
	row := a.LiveRow(found)
	row.custom = []member{{"hash", found.Hash()}, {"verified", record.Verify(found)}}
	return RecordAnswer{Record: row}, nil
}

const (
	// hintMargin is how far from a given timestamp a record is looked for first: what a
	// client shows may be rounded.
	hintMargin = time.Second
	// idMargin is the same for the time in an id. Most records reach Docket, which gives
	// them their ids, soon after their timestamp.
	idMargin = time.Hour
)

// find returns the record of a name. It is looked for where it should be before it is
// looked for everywhere.
func (a API) find(ctx context.Context, name string, parameters Parameters) (record.Record, error) {
	spans, err := a.hinted(parameters)
	if err != nil {
		return record.Record{}, err
	}
	name = strings.ToLower(name)
	field := filter.Field{Place: filter.PlaceHash}
	if len(name) != hashLength {
		field.Place = filter.PlaceID
		spans = append(spans, spansOfID(name)...)
	}
	query := logstore.Query{
		ProjectID: a.ProjectID, Filter: filter.Equal{Field: field, Values: []string{name}}, Limit: 1,
	}
	for _, s := range append(spans, span{}) {
		query.From, query.To = s.from, s.to
		found, err := a.search(ctx, query)
		if err != nil {
			return record.Record{}, err
		}
		if len(found) > 0 {
			return found[0], nil
		}
	}
	return record.Record{}, ErrNoRecord
}

// span is a range of time; a zero time leaves that side open.
type span struct{ from, to time.Time }

const nameTimestamp = "timestamp"

// hinted returns the span in which a client says that the record is; none if it does not.
func (a API) hinted(parameters Parameters) ([]span, error) {
	text := parameters.Get(nameTimestamp)
	if text == "" {
		return nil, nil
	}
	first, last, err := a.clock().Parse(text)
	if err != nil {
		return nil, problem("%s: the date %s", nameTimestamp, err)
	}
	return []span{{first.Add(-hintMargin), last.Add(hintMargin)}}, nil
}

// spansOfID returns the span in which a record of an id probably is; none if the id is
// no UUIDv7, which has a time.
func spansOfID(text string) []span {
	id, err := uuid.Parse(text)
	if err != nil || id.Version() != 7 {
		return nil
	}
	var milliseconds int64
	for _, b := range id[:6] {
		milliseconds = milliseconds<<8 | int64(b)
	}
	made := time.UnixMilli(milliseconds).UTC()
	return []span{{made.Add(-idMargin), made.Add(idMargin)}}
}

// checkNames refuses parameters that are not known, as a misspelt one would answer
// another question, and those that are given more than once.
func checkNames(parameters Parameters, known ...string) error {
	for _, name := range sortedNames(parameters) {
		if !slices.Contains(known, name) {
			return problem("Unknown parameter %q: send only %s", clipped(name), strings.Join(known, ", "))
		}
		if len(parameters[name]) > 1 {
			return problem("The parameter %q is given more than once", name)
		}
	}
	return nil
}

// sortedNames returns the names of parameters, so that the first problem is always the
// same.
func sortedNames(parameters Parameters) []string {
	names := make([]string, 0, len(parameters))
	for name := range parameters {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// clipped returns the start of a text that a client sent, for messages.
func clipped(text string) string {
	const most = 64
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
