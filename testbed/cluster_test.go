package testbed

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/collector"
)

// What holds without the variables; and secrets are not printed.
func TestDefaultsOfTheClusterEnvironment(t *testing.T) {
	for name, test := range map[string]struct {
		environment []string
		endpoints   []any
	}{
		"nothing set": {nil, []any{"http://127.0.0.1:9200"}},
		"all set": {
			[]string{
				"DOCKET_ELASTICSEARCH_URL=https://node-1:9200,https://node-2:9200",
				"DOCKET_ELASTICSEARCH_USER=docket", "DOCKET_ELASTICSEARCH_PASSWORD=not-a-real-password",
			}, []any{"https://node-1:9200", "https://node-2:9200"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			command := exec.CommandContext(t.Context(), collector.DocketBinary(t), "print-config",
				"--config", filepath.Join(collector.ModuleRoot(t), "distribution", "elasticsearch.yaml"))
			command.Env = append([]string{"PATH=" + os.Getenv("PATH")}, test.environment...)
			command.Dir = t.TempDir()
			text, err := command.Output()
			require.NoError(t, err)
			var config map[string]any
			require.NoError(t, yaml.Unmarshal(text, &config))
			assert.Equal(t, test.endpoints, at(config, "extensions/log_store/elasticsearch/endpoints"))
			assert.Equal(t, "docket", at(config, "extensions/log_store/elasticsearch/index_prefix"))
			assert.Equal(t, "./data/keys.json", at(config, "extensions/project_key/snapshot_file"))
			assert.NotContains(t, string(text), "not-a-real")
		})
	}
}

// replicas starts two Dockets on one cluster, with data folders of their own.
func replicas(t *testing.T, server elasticsearchtest.Server) (dockets [2]*collector.Collector) {
	t.Helper()
	for n := range dockets {
		options := collector.InCluster(t, server.URL.String(), server.Prefix)
		options.AdminKey = adminKey
		dockets[n] = collector.Start(t, options)
	}
	return dockets
}

// What one replica takes is found through the other; keys and projects that are made or
// revoked at one are so at the other, soon.
func TestReplicasShareRecordsAndKeys(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		dockets := replicas(t, server)
		var admins [2]*client.Client
		for n := range dockets {
			admins[n] = newClient(t, dockets[n], adminKey)
			project, err := admins[n].CreateProject(t.Context(), fmt.Sprintf("of replica %d", n), "")
			require.NoError(t, err)
			assert.EqualValues(t, n+2, project.ID, "each number is given once")
		}
		key, err := admins[0].CreateKey(t.Context(), "shared", []string{"logs:write"}, 1)
		require.NoError(t, err)
		var users [2]*client.Client
		for n := range dockets {
			users[n] = newClient(t, dockets[n], key.Value)
		}
		awaitStatus(t, users[1], http.StatusOK)

		posted := time.Now()
		for n, user := range users {
			response, err := user.LogSentry(t.Context(), fmt.Sprintf(`{"project": 1, "msg": "posted to replica %d"}`, n))
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, response.Status, response)
		}
		for _, user := range users {
			assert.Len(t, findSince(t, posted, user, searchFor("posted to replica"), 2), 2)
		}

		require.NoError(t, admins[1].DeleteKey(t.Context(), key.ID))
		for _, user := range users {
			awaitStatus(t, user, http.StatusUnauthorized)
		}
		for n := range dockets {
			_, err := admins[n].GetProject(t.Context(), strconv.Itoa(3-n))
			require.NoError(t, err, "the other's project")
		}
	})
}

// awaitStatus returns when a search is answered with the status; before, the key is not
// known yet or is not known to be revoked.
func awaitStatus(t *testing.T, c *client.Client, status int) {
	t.Helper()
	require.Eventually(t, func() bool {
		response, err := c.SearchResponse(t.Context(), nil)
		return assert.NoError(t, err) && response.Status == status
	}, 2*revokedWithin, 50*time.Millisecond, "status %d", status)
}

// Two replicas that are killed under load lose and double nothing.
func TestKilledReplicasLoseAndDoubleNothing(t *testing.T) {
	t.Parallel() // no time is measured in it
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		dockets := replicas(t, server)
		book := newClusterLedger()
		for range 2 {
			for n, docket := range dockets {
				c := client.New(docket.Endpoints, adminKey)
				load := book.Post(t.Context(), c, clusterConnections)
				other := client.New(dockets[1-n].Endpoints, adminKey)
				otherLoad := book.Post(t.Context(), other, clusterConnections)
				time.Sleep(time.Second)
				docket.Kill()
				docket.Restart()
				load.Stop()
				otherLoad.Stop()
				c.Close()
				other.Close()
			}
		}
		c := newClient(t, dockets[1], adminKey)
		require.NoError(t, book.Settle(t.Context(), newClient(t, dockets[0], adminKey), caughtUpWithin))
		require.NoError(t, book.Settle(t.Context(), c, caughtUpWithin))
		report, err := book.Audit(t.Context(), c)
		require.NoError(t, err)
		t.Logf("%d records acknowledged, %d of %d unanswered ones are stored", report.Acknowledged, report.Present, report.Unanswered)
		require.NoError(t, report.Err())
	})
}

// A record that the cluster refuses for good, because somebody has made a field of an index
// another type, becomes a dead letter. Its neighbours are stored, and so is the record
// when that has been put right and the dead letter is replayed.
func TestRecordsThatTheClusterRefuses(t *testing.T) {
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		options := collector.InCluster(t, server.URL.String(), server.Prefix)
		options.AdminKey = adminKey
		docket := collector.Start(t, options)
		admin := newClient(t, docket, adminKey)
		// The index is there before the first record of its day, with a mapping on top of
		// that of the template.
		day := time.Now().UTC().Add(-48 * time.Hour)
		index := "/" + server.Prefix + "-records-" + day.Format("2006.01.02")
		_, err := server.Client.Do(t.Context(), http.MethodPut, index, nil, []byte(`{"mappings": {"properties": {"event_name": {"type": "long"}}}}`))
		require.NoError(t, err)

		post := func(name, message string) {
			response, err := admin.OTLPJSON(t.Context(), fmt.Sprintf(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[
				{"timeUnixNano":"%d","eventName":%q,"body":{"stringValue":%q}}]}]}]}`, day.UnixNano(), name, message))
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, response.Status, response)
		}
		post("1", "before it")
		post("not a number", "poison")
		post("2", "behind it")
		find(t, admin, searchFor("before it"), 1)
		find(t, admin, searchFor("behind it"), 1)
		find(t, admin, searchFor("poison"), 0)
		letter := deadLetters(t, admin, 1)[0]
		assert.Contains(t, letter.Reason, "event_name")
		assert.Contains(t, string(letter.Record), "poison")

		_, err = server.Client.Do(t.Context(), http.MethodDelete, index, nil, nil)
		require.NoError(t, err)
		response, err := admin.Do(t.Context(), http.MethodPost,
			"http://"+docket.Endpoints.API+"/api/dead_letters/"+letter.ID+"/replay/", "", "Authorization", "Bearer "+adminKey)
		require.NoError(t, err)
		require.Equal(t, http.StatusAccepted, response.Status, response)
		assert.Equal(t, letter.RecordID, find(t, admin, searchFor("poison"), 1)[0].ID())
		deadLetters(t, admin, 0)
	})
}
