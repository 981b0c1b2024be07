package testbed

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/collector"
	"github.com/docketlog/docket/testbed/faultproxy"
	"github.com/docketlog/docket/testbed/ledger"
)

const (
	// outageVariable is how long the cluster is away, as a duration. Without it, it is
	// away for shortOutage, and in the long form for longOutage.
	outageVariable          = "DOCKET_TEST_OUTAGE"
	shortOutage, longOutage = 10 * time.Second, 2 * time.Minute
	// faultTime is how long each other fault lasts.
	faultTime = 3 * time.Second

	// clusterConnections and clusterPause bound the load, so that what comes while the
	// cluster is away can be caught up with on a small machine.
	clusterConnections = 4
	clusterPause       = 50 * time.Millisecond
	// caughtUpWithin bounds the catch-up after a fault; in the long form it is as long as
	// the outage.
	caughtUpWithin = 90 * time.Second
	// acknowledgedWithin bounds a hanging test.
	acknowledgedWithin = 10 * time.Second
)

// Whatever happens to the cluster, and to Docket meanwhile, clients get their 2xx, and
// every record is there once afterwards. It all happens to one store, to one load, so
// that the faults meet what the ones before have left behind.
func TestClusterFaultsLoseAndDoubleNothing(t *testing.T) {
	t.Parallel() // most of the time is waiting
	for _, product := range []elasticsearch.Name{elasticsearch.Elasticsearch, elasticsearch.OpenSearch} {
		t.Run(string(product), func(t *testing.T) {
			t.Parallel()
			run := newClusterRun(t, elasticsearchtest.Start(t, product, "", elasticsearchtest.Options{}))
			run.during("an outage", func() {
				run.server.Stop()
				run.keepsAcknowledging(outage(t))
				run.server.Restart()
			})
			run.during("the death of the server", func() {
				run.server.Kill()
				run.keepsAcknowledging(faultTime)
				run.server.Restart()
			})
			for _, fault := range []faultproxy.Fault{faultproxy.TooManyRequests, faultproxy.Unavailable, faultproxy.Cut} {
				run.during(fault.String(), func() {
					run.proxy.Break(fault, 2)
					run.keepsAcknowledging(faultTime)
					run.proxy.Break(faultproxy.None, 1)
					assert.Positive(t, run.proxy.Broken(fault), "no answer was broken")
				})
			}
			run.during("a block of all writes", func() {
				run.block(true)
				run.keepsAcknowledging(faultTime)
				run.block(false)
			})
			run.during("kills of Docket while it catches up", func() {
				run.proxy.Break(faultproxy.Away, 1)
				run.keepsAcknowledging(faultTime)
				run.docket.Kill()
				run.docket.Restart() // the cluster is still away, and keys are known all the same
				run.keepsAcknowledging(faultTime)
				run.proxy.Break(faultproxy.None, 1)
				for range 3 {
					run.keepsAcknowledging(faultTime / 6)
					run.docket.Kill()
					run.docket.Restart()
				}
			})
			run.audit()
		})
	}
}

func outage(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv(outageVariable)
	switch {
	case text == "" && isLong():
		return longOutage
	case text == "":
		return shortOutage
	}
	duration, err := time.ParseDuration(text)
	require.NoError(t, err, outageVariable)
	return duration
}

// clusterRun is a Docket under load, its cluster, and a proxy between them.
type clusterRun struct {
	t      *testing.T
	server *elasticsearchtest.Process
	proxy  *faultproxy.Proxy
	docket *collector.Collector
	client *client.Client
	book   *ledger.Ledger
	load   *ledger.Load
}

// newClusterRun starts Docket and a load with a key that was made before.
func newClusterRun(t *testing.T, server *elasticsearchtest.Process) *clusterRun {
	t.Helper()
	r := &clusterRun{t: t, server: server, proxy: faultproxy.Start(t, server.Process.URL())}
	options := collector.InCluster(t, r.proxy.URL(), server.Prefix)
	options.AdminKey = adminKey
	// It is not healthy without the cluster, but takes records.
	options.Ready = collector.Listening(func(endpoints collector.Endpoints) string { return endpoints.Ingest })
	r.docket = collector.Start(t, options)
	admin := newClient(t, r.docket, adminKey)
	var key client.Key
	require.Eventually(t, func() bool { // when it has read what keys there are
		var err error
		key, err = admin.CreateKey(t.Context(), "of the load", []string{"logs:write"}, 1)
		return err == nil
	}, caughtUpWithin, 100*time.Millisecond)
	r.client = newClient(t, r.docket, key.Value)
	r.book = newClusterLedger()
	r.load = r.book.Post(t.Context(), r.client, clusterConnections)
	t.Cleanup(r.load.Stop)
	return r
}

// newClusterLedger returns a ledger whose loads a small cluster keeps up with.
func newClusterLedger() *ledger.Ledger {
	book := ledger.New(uint64(time.Now().UnixNano()))
	book.Pause = clusterPause
	return book
}

// during lets something happen, and waits until what was acknowledged by its end is
// found.
func (r *clusterRun) during(name string, happen func()) {
	r.t.Helper()
	r.t.Logf("%s, with %d records acknowledged", name, r.book.Acknowledged())
	happen()
	begin := time.Now()
	r.awaitHealth()
	r.t.Logf("healthy again %v after %s", time.Since(begin), name)
}

// awaitHealth returns when Docket says that it is well.
func (r *clusterRun) awaitHealth() {
	r.t.Helper()
	require.Eventually(r.t, func() bool {
		response, err := r.client.Get(r.t.Context(), "/healthz")
		return err == nil && response.Status == 200
	}, caughtUpWithin, 100*time.Millisecond)
}

// keepsAcknowledging returns after the duration, in which no record may be refused, and
// no pause between acknowledgements be long.
func (r *clusterRun) keepsAcknowledging(duration time.Duration) {
	r.t.Helper()
	refused, seen, seenAt := r.book.Refused(), r.book.Acknowledged(), time.Now()
	for begin := time.Now(); time.Since(begin) < duration || seenAt.Before(begin); time.Sleep(10 * time.Millisecond) {
		if now := r.book.Acknowledged(); now > seen {
			seen, seenAt = now, time.Now()
		}
		require.Less(r.t, time.Since(seenAt), acknowledgedWithin, "nothing is acknowledged any more")
	}
	assert.Equal(r.t, refused, r.book.Refused(), "records were refused")
}

// block makes all indices of records read-only, or ends that.
func (r *clusterRun) block(blocks bool) {
	r.t.Helper()
	body := []byte(`{"index.blocks.write": null}`)
	if blocks {
		body = []byte(`{"index.blocks.write": true}`)
	}
	_, err := r.server.Client.Do(r.t.Context(), "PUT", "/"+r.server.Prefix+"-records-*/_settings", nil, body)
	require.NoError(r.t, err)
}

// audit ends the load and compares what there is with what was acknowledged.
func (r *clusterRun) audit() {
	r.t.Helper()
	r.load.Stop()
	begin := time.Now()
	require.NoError(r.t, r.book.Settle(r.t.Context(), r.client, max(caughtUpWithin, outage(r.t))))
	r.t.Logf("caught up %v after the end of the load", time.Since(begin))
	report, err := r.book.Audit(r.t.Context(), r.client)
	require.NoError(r.t, err)
	r.t.Logf("%d records acknowledged, %d of %d unanswered ones are stored", report.Acknowledged, report.Present, report.Unanswered)
	require.NoError(r.t, report.Err())
}
