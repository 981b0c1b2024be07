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

	"github.com/docketlog/docket/testbed/client"
)

// provisioned is a configuration with an alert that tells a hook, and with a view. More is
// what else there is of the alert.
func provisioned(t *testing.T, hook *webhook, more string) string {
	t.Helper()
	return fmt.Sprintf(`
extensions:
  alerting:
    alerts:
      burst:
        project: 1
        filters: {serviceNames: [burst]}
        threshold_count: ${env:DOCKET_TEST_THRESHOLD:-2}
        %s
        destinations:
          hook: {type: webhook, webhook_url: %q}
  logs_api:
    views:
      bursts: {project: 1, name: All bursts, filters: {serviceNames: [burst]}}
`, more, hook.URL)
}

// An alert of the configuration fires, cannot be changed but there, and goes on over
// restarts; what happens to it is found among the records of the project. It is the same
// for views, but that nothing happens to them.
func TestProvisionedAlertsAndViews(t *testing.T) {
	t.Parallel() // most of the time is waiting
	onEachBackend(t, testProvisionedAlertsAndViews)
}

func testProvisionedAlertsAndViews(t *testing.T, b *backend) {
	t.Helper()
	hook := newWebhook(t)
	config := filepath.Join(t.TempDir(), "provisioned.yaml")
	write := func(text string) { require.NoError(t, os.WriteFile(config, []byte(text), 0o600)) }
	write(provisioned(t, hook, ""))
	docket, c := startAlerting(t, b, config)
	a := alerts{t, c}
	alert, view := a.awaitProvisioned()
	id, _ := alert["id"].(string)
	a.assertOnlyTheConfigurationChanges(id, view)

	a.send("burst", 3, 0)
	require.Eventually(t, func() bool { taken, _ := hook.counts(); return taken > 0 }, alertPatience, 10*time.Millisecond)
	log := a.event("docket.alert.firing")
	assert.Equal(t, "WARN", log.Level)
	assert.Equal(t, "docket", log.Service)
	assert.Contains(t, log.Message, `The alert "burst" is firing: 3 records`)
	assert.Equal(t, id, log.Details["docket.alert.id"])

	write(provisioned(t, hook, "cooldown_minutes: 7"))
	docket.Kill()
	docket.Restart()
	a.c = newClient(t, docket, adminKey)
	require.Eventually(t, func() bool {
		again, _ := a.awaitProvisioned()
		return assert.Equal(t, id, again["id"]) && again["cooldown_minutes"] == 7.0
	}, alertPatience, 50*time.Millisecond)
	assert.Equal(t, "firing", a.state(id))
	time.Sleep(3 * time.Second) // several checks
	assert.Equal(t, []string{"logs_alert.firing"}, hook.types())
	a.event("docket.alert.firing")

	write("extensions:\n  alerting:\n    alerts: {}\n  logs_api:\n    views: {}\n")
	require.Zero(t, docket.Terminate())
	docket.Restart()
	a.c = newClient(t, docket, adminKey)
	require.Eventually(t, func() bool {
		views, err := a.c.Views(t.Context(), "1")
		return err == nil && len(views) == 0 && a.do(http.MethodGet, "", "", http.StatusOK)["count"] == 0.0
	}, alertPatience, 50*time.Millisecond)
}

// awaitProvisioned waits until project 1 has its only alert and view.
func (a alerts) awaitProvisioned() (alert map[string]any, view client.View) {
	a.t.Helper()
	require.Eventually(a.t, func() bool {
		views, err := a.c.Views(a.t.Context(), "1")
		listed, _ := a.do(http.MethodGet, "", "", http.StatusOK)["results"].([]any)
		if err != nil || len(views) != 1 || len(listed) != 1 {
			return false
		}
		view = views[0]
		alert, _ = listed[0].(map[string]any)
		return true
	}, alertPatience, 20*time.Millisecond)
	assert.Equal(a.t, true, alert["provisioned"])
	assert.True(a.t, view.Provisioned)
	return alert, view
}

func (a alerts) assertOnlyTheConfigurationChanges(id string, view client.View) {
	a.t.Helper()
	const where = "extensions::alerting::alerts::burst"
	for _, refused := range []map[string]any{
		a.do(http.MethodPatch, id+"/", `{"threshold_count": 5}`, http.StatusForbidden),
		a.do(http.MethodPut, id+"/", `{"name": "x"}`, http.StatusForbidden),
		a.do(http.MethodDelete, id+"/", "", http.StatusForbidden),
		a.do(http.MethodPost, id+"/destinations/", `{"type": "webhook", "webhook_url": "https://example.com"}`, http.StatusForbidden),
	} {
		assert.Contains(a.t, refused["detail"], where)
	}
	_, err := a.c.ChangeView(a.t.Context(), "1", view.ShortID, map[string]any{"pinned": true})
	require.ErrorContains(a.t, err, "extensions::logs_api::views::bursts")
	require.ErrorContains(a.t, a.c.DeleteView(a.t.Context(), "1", view.ShortID), "extensions::logs_api::views::bursts")
}
