package testbed

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// eventPipeline brings what happens to alerts into a pipeline that is as long as it can be:
// through all processors, to the log and back into the log store.
const eventPipeline = `
receivers:
  alert_events:
exporters:
  debug/alerts:
    verbosity: detailed
service:
  pipelines:
    logs/alerts:
      receivers: [alert_events]
      processors: [memory_limiter, normalize, alerting]
      exporters: [debug/alerts, log_store]
`

// What happens to alerts comes into the pipeline of alert_events once, also behind a
// restart; it is in the log store once, although that is where the pipeline ends, and no
// alert counts it.
func TestAlertEventsPassAPipeline(t *testing.T) {
	t.Parallel() // most of the time is waiting
	onEachBackend(t, testAlertEventsPassAPipeline)
}

func testAlertEventsPassAPipeline(t *testing.T, b *backend) {
	t.Helper()
	config := filepath.Join(t.TempDir(), "events.yaml")
	require.NoError(t, os.WriteFile(config, []byte(eventPipeline), 0o600))
	docket, c := startAlerting(t, b, config)
	a, hook := alerts{t, c}, newWebhook(t)
	watching := a.make(hook, "docket", `,"no_data":"keep"`)
	a.do(http.MethodPatch, watching+"/", `{"threshold_count": 0}`, http.StatusOK)
	id := a.make(hook, "burst", "")
	shipped := func(record string) int { return strings.Count(docket.Output(), "log.record.uid: Str("+record+")") }
	a.send("burst", 3, 0)
	fired := a.event("docket.alert.firing")
	require.Eventually(t, func() bool { return shipped(fired.ID()) > 0 }, alertPatience, 20*time.Millisecond)

	docket.Kill()
	docket.Restart()
	a.c = newClient(t, docket, adminKey)
	a.do(http.MethodPatch, id+"/", `{"snooze_until": "2099-01-01T00:00:00Z"}`, http.StatusOK)
	snoozed := a.event("docket.alert.snoozed")
	require.Eventually(t, func() bool { return shipped(snoozed.ID()) > 0 }, alertPatience, 20*time.Millisecond)
	time.Sleep(3 * time.Second) // several checks, and time to be offered again
	assert.Equal(t, 1, shipped(snoozed.ID()))
	assert.LessOrEqual(t, shipped(fired.ID()), 2, "twice only if it was killed before it had noted that it was taken")
	for _, want := range []string{"docket.alert.firing", "docket.alert.snoozed"} {
		page, err := a.c.Search(t.Context(), url.Values{"q": {"event:" + want}})
		require.NoError(t, err)
		assert.Len(t, page.Logs, 1, want)
	}
	assert.Equal(t, "not_firing", a.state(watching))
}
