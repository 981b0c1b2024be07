package server

import (
	"archive/zip"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/docketlog/docket/internal/elasticsearch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestReleases(t *testing.T) {
	t.Setenv("DOCKET_TEST_ELASTICSEARCH_VERSION", "")
	t.Setenv("DOCKET_TEST_OPENSEARCH_VERSION", "2.19.4")
	require.Equal(t, "elasticsearch-9.1.0", ReleaseToTest(elasticsearch.Elasticsearch).String())
	old := ReleaseToTest(elasticsearch.OpenSearch)
	require.Equal(t, "opensearch-2.19.4", old.String())
	require.Equal(t, "org.opensearch.distribution.integ-test-zip:opensearch:2.19.4:zip", old.artifact())
	require.Equal(t, "DOCKET_TEST_OPENSEARCH_URL", Variable(elasticsearch.OpenSearch))
}

func TestJavaVersion(t *testing.T) {
	home := t.TempDir()
	require.Zero(t, javaVersion(""))
	require.Zero(t, javaVersion(home))
	require.NoError(t, os.WriteFile(filepath.Join(home, "release"), []byte("IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"17.0.15\"\n"), 0o600))
	require.Zero(t, javaVersion(home), "there is nothing to run")
	require.NoError(t, os.Mkdir(filepath.Join(home, "bin"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(home, "bin", "java"), nil, 0o700))
	require.Equal(t, 17, javaVersion(home))
}

func TestUnpack(t *testing.T) {
	folder := t.TempDir()
	pack := func(names ...string) string {
		archive := filepath.Join(folder, "archive.zip")
		file, err := os.Create(archive)
		require.NoError(t, err)
		writer := zip.NewWriter(file)
		for _, name := range names {
			header := &zip.FileHeader{Name: name}
			mode := os.FileMode(0o600)
			switch {
			case strings.HasSuffix(name, "/"):
				mode = os.ModeDir | 0o700
			case strings.Contains(name, "bin"):
				mode = 0o700
			}
			header.SetMode(mode)
			entry, err := writer.CreateHeader(header)
			require.NoError(t, err)
			if !mode.IsDir() {
				_, err = entry.Write([]byte(name))
				require.NoError(t, err)
			}
		}
		require.NoError(t, writer.Close())
		require.NoError(t, file.Close())
		return archive
	}
	require.NoError(t, unpack(t.Context(), pack("a/", "a/text", "a/bin/", "a/bin/run"), folder))
	content, err := os.ReadFile(filepath.Join(folder, "a", "text"))
	require.NoError(t, err)
	require.Equal(t, "a/text", string(content))
	for name, want := range map[string]os.FileMode{"a": 0o755, "a/text": 0o644, "a/bin/run": 0o755} {
		status, err := os.Stat(filepath.Join(folder, name))
		require.NoError(t, err)
		require.Equal(t, want, status.Mode().Perm(), name)
	}
	require.ErrorContains(t, unpack(t.Context(), pack("../outside"), folder), `"../outside"`)
	require.NoFileExists(t, filepath.Join(filepath.Dir(folder), "outside"))
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := lock(t.Context(), path)
	require.NoError(t, err)
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = lock(short, path)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	unlock()
	unlock, err = lock(t.Context(), path)
	require.NoError(t, err)
	unlock()
}

func TestOutputKeepsTheEnd(t *testing.T) {
	var written output
	for range 100 {
		_, _ = written.Write([]byte(strings.Repeat("x", 1000)))
	}
	_, _ = written.Write([]byte("end"))
	require.Len(t, written.String(), keptOutput)
	require.True(t, strings.HasSuffix(written.String(), "xend"))
}

func TestForgottenFoldersAreRemoved(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	release := Release{elasticsearch.Elasticsearch, "0.0.0"}
	var folders []string
	for range 2 {
		folder, err := os.MkdirTemp("", folderPrefix(release))
		require.NoError(t, err)
		folders = append(folders, folder)
	}
	past := time.Now().Add(-2 * longAgo)
	require.NoError(t, os.Chtimes(folders[0], past, past))
	removeForgotten(release)
	require.NoDirExists(t, folders[0])
	require.DirExists(t, folders[1])
}
