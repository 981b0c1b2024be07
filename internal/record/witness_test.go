package record_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/record"
)

func TestWitnessConfirmsWhatItSaw(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	records := make([]record.Record, 200)
	witness := record.NewWitness(len(records))
	for i := range records {
		records[i] = randomRecord(random)
		record.Seal(records[i], receiveTime())
		witness.See(records[i])
	}
	for i, r := range records {
		require.True(t, witness.Confirms(i, r))
		require.True(t, witness.Confirms(i, copyOf(r)))
		require.False(t, witness.Confirms(i, records[(i+1)%len(records)]))
		require.False(t, record.NewWitness(1).Confirms(i, r))
	}
	assert.False(t, witness.Confirms(len(records), records[0]))
}

func TestWitnessSeesAnyChange(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 14))
	changes := changes()
	changes["hash"] = func(r record.Record) { r.Log.Attributes().PutStr(record.AttributeHash, "") }
	changes["alerts"] = func(r record.Record) { r.Log.Attributes().PutEmptySlice(record.AttributeAlertMatches) }
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			for range 20 {
				r := randomRecord(random)
				r.Log.Attributes().PutInt("kind", 1)
				record.Seal(r, receiveTime())
				witness := record.NewWitness(1)
				witness.See(r)
				change(r)
				require.False(t, witness.Confirms(0, r))
			}
		})
	}
}

// Where nobody saw the records, nobody confirms them.
func TestNoWitness(t *testing.T) {
	assert.False(t, record.WitnessOf(t.Context()).Confirms(0, record.New()))
}

// A text that ends where the next one begins is not the two as one.
func TestWitnessTellsTextsApart(t *testing.T) {
	r := record.New()
	r.Scope.SetName("ab")
	r.Scope.SetVersion("c")
	witness := record.NewWitness(1)
	witness.See(r)
	r.Scope.SetName("a")
	r.Scope.SetVersion("bc")
	assert.False(t, witness.Confirms(0, r))
}
