package journaled

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/filter/filtertest"
)

// The backend gets the records of an entry as they were appended while memory has them,
// and else as the journal has them. They must be the same.
func TestEntriesAreDecodedAsTheyWereAppended(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	asText := func(logs plog.Logs) string {
		text, err := new(plog.JSONMarshaler).MarshalLogs(logs)
		require.NoError(t, err)
		return string(text)
	}
	for range 2000 {
		appended := &Entry{Logs: plog.NewLogs(), Repeated: random.IntN(2) == 0}
		for range 1 + random.IntN(3) {
			filtertest.Record(random).Copy().ResourceLogs().MoveAndAppendTo(appended.Logs.ResourceLogs())
		}
		payload, err := EncodeEntry(*appended)
		require.NoError(t, err)
		inMemory, err := entryOf(payload, appended)
		require.NoError(t, err)
		decoded, err := entryOf(payload, nil)
		require.NoError(t, err)
		require.Equal(t, appended.Logs, inMemory.Logs, "it is not decoded")
		require.Equal(t, asText(inMemory.Logs), asText(decoded.Logs))
		require.Equal(t, inMemory.Repeated, decoded.Repeated)
		require.Equal(t, inMemory.Requests, decoded.Requests)
	}
}
