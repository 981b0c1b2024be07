package testbed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/collector"
)

// What an operator does: make a backup and restore it, look after dead letters,
// repair a journal. As the documents in docs/ say, on the real binary.

// backUp downloads a backup of a running Docket.
func backUp(t *testing.T, c *client.Client) []byte {
	t.Helper()
	response, err := c.Get(t.Context(), "/api/backup/")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.Status, response)
	require.Equal(t, "application/x-tar", response.Header.Get("Content-Type"))
	return response.Body
}

// restore starts another Docket on what a backup holds.
func restore(t *testing.T, backup []byte) *collector.Collector {
	t.Helper()
	directory := t.TempDir()
	command := exec.CommandContext(t.Context(), "tar", "-xf", "-", "-C", directory)
	command.Stdin = bytes.NewReader(backup)
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
	return collector.Start(t, collector.Options{DataDir: directory, AdminKey: adminKey})
}

// The restored Docket has all that was acknowledged before the backup was asked for,
// and nothing twice, though others were posting all the time. It knows the projects,
// the keys and the requests that it has answered before.
func TestBackupUnderLoadIsComplete(t *testing.T) {
	docket, admin := start(t)
	key, err := admin.CreateKey(t.Context(), "app", []string{"logs:read", "logs:write"}, 1)
	require.NoError(t, err)
	c := newClient(t, docket, key.Value)
	answer := postWithKey(t, c, "before the backup", "backed-up")

	const posters = 8
	var posting sync.WaitGroup
	stop := make(chan struct{})
	defer func() { close(stop); posting.Wait() }()
	acknowledged := make([]int, posters)
	reached := make(chan struct{}, posters)
	for poster := range posters {
		posting.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				response, err := c.LogSentry(t.Context(), fmt.Sprintf(`{"msg":"poster %d record %d."}`, poster, n))
				if err != nil || !assert.Equal(t, http.StatusOK, response.Status, response) {
					return
				}
				if n == 100 {
					acknowledged[poster] = n
					reached <- struct{}{}
				}
			}
		})
	}
	for range posters {
		<-reached
	}
	restored := restore(t, backUp(t, admin))

	again := newClient(t, restored, key.Value)
	for poster := range posters {
		page, err := again.Search(t.Context(), url.Values{"search": {fmt.Sprintf("poster %d record ", poster)}, "limit": {"1"}})
		require.NoError(t, err)
		total := page.Pagination.Total
		assert.Greater(t, total, int64(acknowledged[poster]), "poster %d", poster)
		// Its last record is there, so that what lies before it is there once.
		find(t, again, searchFor(fmt.Sprintf("poster %d record %d.", poster, total-1)), 1)
	}
	assert.Equal(t, answer, postWithKey(t, again, "before the backup", "backed-up"))
	find(t, again, searchFor("before the backup"), 1)
	_, err = newClient(t, restored, adminKey).GetKey(t.Context(), key.ID)
	require.NoError(t, err)
}

// postWithKey posts with an Idempotency-Key and returns the answer's body.
func postWithKey(t *testing.T, c *client.Client, message, key string) string {
	t.Helper()
	response, err := c.Do(t.Context(), http.MethodPost, "http://"+c.Endpoints.Ingest+"/api/auditlog", `{"msg":"`+message+`"}`,
		"Authorization", "Bearer "+c.Key, "Content-Type", "application/json", "Idempotency-Key", key)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.Status, response)
	return string(response.Body)
}

func TestIncompleteRestoreIsRefused(t *testing.T) {
	docket, admin := start(t)
	directory := t.TempDir()
	command := exec.CommandContext(t.Context(), "tar", "-xf", "-", "-C", directory, "--exclude", "FORMAT")
	command.Stdin = bytes.NewReader(backUp(t, admin))
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
	require.Zero(t, docket.Terminate())
	exitCode, text := collector.Run(t, collector.Options{DataDir: directory, AdminKey: adminKey})
	assert.NotZero(t, exitCode)
	assert.Contains(t, text, "a restored backup is not complete")
}

// A record that the backend can never take is kept aside; what comes behind it is
// found as ever.
func TestDeadLetters(t *testing.T) {
	docket := collector.Start(t, collector.Options{AdminKey: adminKey, Arguments: []string{
		"--config", filepath.Join(collector.ModuleRoot(t), "distribution", "docket.yaml"),
		// Whoever runs without keys may write any project, also one that cannot be.
		"--config", "yaml:receivers::otlp::protocols::http::auth: null",
	}})
	admin := newClient(t, docket, adminKey)
	impossible := func(message string) string {
		return `{"resourceLogs":[{"resource":{"attributes":[{"key":"docket.project.id","value":{"intValue":"5000000000"}}]},` +
			`"scopeLogs":[{"logRecords":[{"body":{"stringValue":"` + message + `"}}]}]}]}`
	}
	response, err := admin.OTLPJSON(t.Context(), impossible("lost in space"))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.Status, response)
	response, err = admin.LogSentry(t.Context(), `{"project":1,"msg":"behind it"}`)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.Status, response)
	find(t, admin, searchFor("behind it"), 1)

	first := deadLetters(t, admin, 1)[0]
	assert.Contains(t, first.Reason, "project id 5000000000 is not between 1 and 4294967295")
	assert.Contains(t, string(first.Record), "lost in space")
	docket.Kill()
	docket.Restart()
	admin = newClient(t, docket, adminKey)
	assert.Equal(t, first, deadLetters(t, admin, 1)[0])

	// It is refused again, and so there is a new dead letter.
	path := "http://" + docket.Endpoints.API + "/api/dead_letters/"
	authorization := []string{"Authorization", "Bearer " + adminKey}
	response, err = admin.Do(t.Context(), http.MethodPost, path+first.ID+"/replay/", "", authorization...)
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, response.Status, response)
	response, err = admin.LogSentry(t.Context(), `{"project":1,"msg":"behind its replay"}`)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.Status, response)
	find(t, admin, searchFor("behind its replay"), 1)
	second := deadLetters(t, admin, 1)[0]
	assert.NotEqual(t, first.ID, second.ID)
	assert.Equal(t, first.RecordID, second.RecordID)

	response, err = admin.Do(t.Context(), http.MethodDelete, path+second.ID+"/", "", authorization...)
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, response.Status, response)
	deadLetters(t, admin, 0)
}

// deadLetter is one of GET /api/dead_letters/.
type deadLetter struct {
	ID       string          `json:"id"`
	RecordID string          `json:"record_id"`
	Reason   string          `json:"reason"`
	Record   json.RawMessage `json:"record"`
}

func deadLetters(t *testing.T, admin *client.Client, count int) []deadLetter {
	t.Helper()
	response, err := admin.Get(t.Context(), "/api/dead_letters/")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.Status, response)
	var page struct {
		Results []deadLetter `json:"results"`
	}
	require.NoError(t, json.Unmarshal(response.Body, &page))
	require.Len(t, page.Results, count)
	return page.Results
}

// A journal that was damaged while Docket was down: the start is refused with the
// command that helps, and that command brings back all but what is damaged.
func TestDamagedJournalIsRefusedAndRepaired(t *testing.T) {
	docket, _ := start(t)
	const records = 50
	docket.Kill()
	docket.Restart() // so that nothing is checkpointed for ten seconds
	c := newClient(t, docket, adminKey)
	for n := range records {
		response, err := c.LogSentry(t.Context(), `{"project":1,"msg":"number `+strconv.Itoa(n)+`."}`)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.Status, response)
	}
	docket.Kill()
	// The records are in the journal and in no part of the backend that survived.
	require.NoError(t, os.RemoveAll(filepath.Join(docket.DataDir, "records")))
	damage(t, filepath.Join(docket.DataDir, "journal"), "number 25.")

	exitCode, text := collector.Run(t, collector.Options{DataDir: docket.DataDir, AdminKey: adminKey})
	assert.NotZero(t, exitCode)
	command := repairCommand.FindStringSubmatch(text)
	require.NotNil(t, command, "the command is in:\n%s", text)
	tool := filepath.Join(filepath.Dir(collector.DocketBinary(t)), "docket-journal")
	output, err := exec.CommandContext(t.Context(), tool, "repair", command[1]).CombinedOutput()
	require.NoError(t, err, "%s", output)
	t.Logf("%s", output)

	docket.Restart()
	c = newClient(t, docket, adminKey)
	find(t, c, searchFor("number "), records-1)
	find(t, c, searchFor("number 25."), 0)
}

// repairCommand is what the error of the start tells to run.
var repairCommand = regexp.MustCompile(`docket-journal repair ([^\\"]+)`)

// damage changes one bit of a text in one of the folder's segments.
func damage(t *testing.T, directory, text string) {
	t.Helper()
	segments, err := filepath.Glob(filepath.Join(directory, "*.wal"))
	require.NoError(t, err)
	for _, segment := range segments {
		content, err := os.ReadFile(segment)
		require.NoError(t, err)
		if at := strings.Index(string(content), text); at >= 0 {
			content[at] ^= 1
			require.NoError(t, os.WriteFile(segment, content, 0o600))
			return
		}
	}
	t.Fatalf("no segment in %s holds %q", directory, text)
}
