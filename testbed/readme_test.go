package testbed

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/collector"
)

// The blocks of README.md that follow a line `<!-- e2e -->`, pasted one after the
// other into a shell in the folder where Docket was started: all but the last post
// an event, the last finds them.
func TestReadmeCommands(t *testing.T) {
	folder := t.TempDir()
	docket := collector.Start(t, collector.Options{Directory: folder, Unset: []string{"DOCKET_DATA_DIR"}})
	blocks := readmeBlocks(t)
	require.GreaterOrEqual(t, len(blocks), 4, "one for each format and a search")
	shell := startShell(t, folder)
	posts, search := blocks[:len(blocks)-1], withPortsOf(docket.Endpoints, blocks[len(blocks)-1])
	for _, post := range posts {
		require.Contains(t, post, "curl")
		text, exitCode := shell.run(t, withPortsOf(docket.Endpoints, post))
		require.Zero(t, exitCode, "%s\nprinted\n%s", post, text)
		assert.NotContains(t, text, "rror", post)
	}
	posted := time.Now()
	for {
		text, exitCode := shell.run(t, search)
		require.Zero(t, exitCode, text)
		var answer struct {
			Status string
			Data   client.Page
		}
		require.NoError(t, json.Unmarshal([]byte(text), &answer), text)
		require.Equal(t, "success", answer.Status)
		if answer.Data.Pagination.Total == int64(len(posts)) {
			require.Len(t, answer.Data.Logs, len(posts))
			return
		}
		require.Less(t, time.Since(posted), findableWithin, "the search printed\n%s", text)
	}
}

func readmeBlocks(t *testing.T) []string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(collector.ModuleRoot(t), "README.md"))
	require.NoError(t, err)
	var blocks []string
	for _, match := range regexp.MustCompile("(?s)<!-- e2e -->\n```sh\n(.*?)```").FindAllStringSubmatch(string(content), -1) {
		blocks = append(blocks, match[1])
	}
	require.Len(t, blocks, strings.Count(string(content), "<!-- e2e -->"), "each marker is followed by a block")
	return blocks
}

// withPortsOf puts a process's own endpoints in the place of the default ones.
func withPortsOf(endpoints collector.Endpoints, block string) string {
	return strings.NewReplacer(
		"127.0.0.1:8318", endpoints.Ingest, "127.0.0.1:8320", endpoints.API,
		"127.0.0.1:4318", endpoints.OTLPHTTP, "127.0.0.1:4317", endpoints.OTLPGRPC,
	).Replace(block)
}

// shell is a running sh, so that what one block sets is there for the next.
type shell struct {
	input  io.Writer
	output *bufio.Scanner
}

func startShell(t *testing.T, folder string) *shell {
	t.Helper()
	command := exec.CommandContext(t.Context(), "sh")
	command.Dir = folder
	input, err := command.StdinPipe()
	require.NoError(t, err)
	output, err := command.StdoutPipe()
	require.NoError(t, err)
	command.Stderr = command.Stdout
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = input.Close()
		_ = command.Wait()
	})
	return &shell{input: input, output: bufio.NewScanner(output)}
}

// run returns what a block printed and the exit code of its last command.
func (s *shell) run(t *testing.T, block string) (text string, exitCode int) {
	t.Helper()
	const marker = "the block ended with exit code "
	_, err := fmt.Fprintf(s.input, "%s\nprintf '\\n%s%%d\\n' $?\n", strings.TrimSpace(block), marker)
	require.NoError(t, err)
	var lines []string
	for s.output.Scan() {
		if code, ok := strings.CutPrefix(s.output.Text(), marker); ok {
			exitCode, err = strconv.Atoi(code)
			require.NoError(t, err)
			return strings.Join(lines, "\n"), exitCode
		}
		lines = append(lines, s.output.Text())
	}
	require.NoError(t, s.output.Err())
	require.Fail(t, "the shell ended", "after %v", lines)
	return "", 0
}
