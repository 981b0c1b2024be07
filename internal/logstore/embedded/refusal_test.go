package embedded_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/embedded"
	"github.com/docketlog/docket/internal/record"
)

func withID(id string) record.Record {
	r := newRecord(project, pcommon.NewTimestampFromTime(day), "x")
	r.Log.Attributes().PutStr(record.AttributeID, id)
	return r
}

// nested returns a record with a value of the given number of levels.
func nested(levels int) record.Record {
	r := newRecord(project, pcommon.NewTimestampFromTime(day), "x")
	value := r.Log.Attributes().PutEmpty("nested")
	for level := range levels {
		if level%2 == 0 {
			value = value.SetEmptyMap().PutEmpty("")
		} else {
			value = value.SetEmptySlice().AppendEmpty()
		}
	}
	return r
}

// refused are records that can never be stored, by what must be said of them.
func refused() map[string]record.Record {
	noID := withID("")
	noID.Log.Attributes().Remove(record.AttributeID)
	noProject := newRecord(project, 5, "x")
	noProject.Resource.Attributes().Remove(record.AttributeProjectID)
	textProject := newRecord(project, 5, "x")
	textProject.Resource.Attributes().PutStr(record.AttributeProjectID, "7")
	return map[string]record.Record{
		"it has no id: see the attribute log.record.uid":               noID,
		"its id has 1025 bytes, more than 1024":                        withID(strings.Repeat("i", 1025)),
		`its id "a\xff" is not UTF-8`:                                  withID("a\xff"),
		"project id 0 is not between 1 and 4294967295":                 noProject,
		"see the resource attribute docket.project.id":                 textProject,
		"project id 4294967296 is not between 1 and 4294967295":        newRecord(math.MaxUint32+1, 5, "x"),
		"project id -9223372036854775808 is not between 1":             newRecord(math.MinInt64, 5, "x"),
		"one of its values has more than 10000 levels":                 nested(10_001),
		"encoding it fails: runtime error: invalid memory address or ": {},
	}
}

func TestRefusedRecordsKeepNothingBack(t *testing.T) {
	for reason, bad := range refused() {
		t.Run(reason[:12], func(t *testing.T) {
			backend := open(t, t.TempDir())
			good := []record.Record{newRecord(project, 5, "x"), nested(10_000), withID(strings.Repeat("i", 1024))}
			for _, replayed := range []bool{false, true} {
				err := backend.Apply(t.Context(), []record.Record{good[0], bad, good[1], bad, good[2]}, replayed)
				var refusals *logstore.RefusedError
				require.ErrorAs(t, err, &refusals)
				require.Len(t, refusals.Refusals, 2)
				for i, refusal := range refusals.Refusals {
					assert.Equal(t, 1+2*i, refusal.Position)
					assert.Contains(t, refusal.Reason, reason)
				}
			}
			require.NoError(t, backend.Sync(t.Context()))
			requireSame(t, good, search(t, backend, logstore.Query{}))
		})
	}
}

func TestOnlyRefusedRecords(t *testing.T) {
	backend := open(t, t.TempDir())
	var refusals *logstore.RefusedError
	require.ErrorAs(t, backend.Apply(t.Context(), []record.Record{withID("")}, false), &refusals)
	require.NoError(t, backend.Sync(t.Context()))
	assert.Zero(t, count(t, backend, logstore.Query{}))
}

// Every record is stored exactly or refused, however odd it is.
func TestRandomRecordsAreStoredOrRefused(t *testing.T) {
	backend := open(t, t.TempDir())
	random := randomSource(t)
	bad := refused()
	var all []record.Record
	for replayed := range 2 {
		var batch, stored []record.Record
		var positions []int
		for len(batch) < 300 {
			if random.IntN(5) == 0 {
				for _, r := range bad { // any
					positions = append(positions, len(batch))
					batch = append(batch, r)
					break
				}
				continue
			}
			r := oddRecord(random)
			batch = append(batch, r)
			stored = append(stored, r)
		}
		err := backend.Apply(t.Context(), batch, replayed > 0)
		refusals, ok := errors.AsType[*logstore.RefusedError](err)
		require.True(t, ok, "%v", err)
		var got []int
		for _, refusal := range refusals.Refusals {
			got = append(got, refusal.Position)
		}
		require.Equal(t, positions, got)
		require.NoError(t, backend.Sync(t.Context()))
		all = append(all, stored...)
		byProject := map[int64][]record.Record{}
		for _, r := range all {
			byProject[r.ProjectID()] = append(byProject[r.ProjectID()], r)
		}
		for id, want := range byProject {
			requireSame(t, want, search(t, backend, logstore.Query{ProjectID: id}))
		}
	}
}

// oddRecord returns a record with odd, but possible, projects, times, ids, names
// and sizes.
func oddRecord(random *rand.Rand) record.Record {
	r := randomRecord(random, []int64{1, project, math.MaxUint32 - 1, math.MaxUint32}[random.IntN(4)])
	if random.IntN(2) == 0 {
		times := []pcommon.Timestamp{0, 1, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64, 7_258_118_399_999_999_999, 7_258_118_400_000_000_000}
		r.Log.SetTimestamp(times[random.IntN(len(times))])
	}
	attributes := r.Log.Attributes()
	switch random.IntN(8) {
	case 0:
		attributes.PutStr(record.AttributeID, uuid.NewString()+"\x00*\"'`\\/|(")
	case 1:
		attributes.PutStr(record.AttributeID, "*"+uuid.NewString()+"*")
	case 2:
		attributes.PutStr(strings.Repeat("n", 100+random.IntN(100)), "\xff\x00")
	case 3:
		for i := range 5 {
			attributes.PutStr(string(rune('a'+i)), strings.Repeat("\x01", random.IntN(1<<16)))
		}
	}
	return r
}

// The clock of a machine may be wrong when Docket starts.
func TestClockThatIsSetWhileRunning(t *testing.T) {
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	for name, opened := range map[string]time.Time{
		"right":                now,
		"epoch":                time.Unix(0, 0),
		"nine years too late":  now.AddDate(9, 0, 0),
		"nine years too early": now.AddDate(-9, 0, 0),
	} {
		assert.True(t, embedded.IsTaken(opened, now), name)
		assert.True(t, embedded.IsTaken(opened, opened), name)
		assert.True(t, embedded.IsTaken(opened, now.AddDate(5, 0, 0)), name)
	}
	assert.False(t, embedded.IsTaken(now.AddDate(11, 0, 0), now))
	assert.False(t, embedded.IsTaken(time.Unix(0, 0), now.AddDate(10, 0, 0)), "the sum would overflow")
}
