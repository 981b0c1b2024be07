package testbed

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/collector"
)

// firstStarts is how many first starts are killed, each a little later than the one
// before.
const firstStarts = 20

// A record that was acknowledged is there after a crash, once.
func TestRecordSurvivesACrashRightAfterItsAnswer(t *testing.T) {
	onEachBackend(t, testRecordSurvivesACrashRightAfterItsAnswer)
}

func testRecordSurvivesACrashRightAfterItsAnswer(t *testing.T, b *backend) {
	t.Helper()
	docket, c := b.start(t)
	for crash := range 3 {
		message := fmt.Sprintf("Posted right before crash %d", crash)
		response, err := c.LogSentry(t.Context(), `{"project": 1, "msg": "`+message+`"}`)
		docket.Kill()
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.Status, response)
		_, hash := acceptedByLogSentry(t, response)

		docket.Restart()
		c = newClient(t, docket, adminKey)
		assert.Equal(t, hash, find(t, c, searchFor(message), 1)[0].Hash())
		find(t, c, nil, crash+1)
	}
}

// A Docket that is killed at any moment, again and again, has every record that it
// acknowledged, and each once. Half of the kills come under load, the others during
// the start or the replay, often right after another kill.
//
// The numbers bound the test to a minute or so; the long form (longVariable) has
// more of both, and killsVariable and recordsVariable set them.
func TestKillsLoseAndDoubleNothing(t *testing.T) {
	t.Parallel() // no time is measured in it
	kills, records, settleWithin := 200, 40_000, time.Minute
	if isLong() {
		kills, records, settleWithin = 1000, 1_000_000, 10*time.Minute
	}
	kills = numberFromEnvironment(t, killsVariable, kills)
	records = numberFromEnvironment(t, recordsVariable, records)
	run := newLedgerRun(t)
	for run.kills < kills || run.book.Acknowledged() < records {
		run.startAndKill(kills-run.kills, records-run.book.Acknowledged())
		if run.kills%100 == 0 {
			t.Logf("%d kills, %d records acknowledged", run.kills, run.book.Acknowledged())
		}
	}
	run.restartAndAudit(settleWithin)
}

// A kill while Docket makes a new data folder leaves one on which it starts.
func TestKillDuringTheFirstStart(t *testing.T) {
	docket := collector.Start(t, collector.Options{})
	firstStart := docket.StartupTime
	for try := range firstStarts {
		docket.Kill()
		require.NoError(t, os.RemoveAll(docket.DataDir))
		docket.RestartAndKill(firstStart * time.Duration(try) / firstStarts)
		docket.Restart()
		c := newClient(t, docket, readKey(t, filepath.Join(docket.DataDir, "admin.key")))
		response, err := c.LogSentry(t.Context(), `{"msg": "the first"}`)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.Status, response)
	}
}

// A Docket that is told to stop under load answers what it has taken, and nothing
// is lost or doubled then either.
func TestOrderlyStopsUnderLoadLoseAndDoubleNothing(t *testing.T) {
	run := newLedgerRun(t)
	for range 5 {
		run.docket.Restart(run.journal()...)
		stop := run.load()
		run.waitForRecords(1 + run.random.IntN(1000))
		assert.Zero(t, run.docket.Terminate(), "exit code")
		stop()
	}
	run.restartAndAudit(time.Minute)
}
