package logsapiextension

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"

	"github.com/docketlog/docket/internal/docstore/docstoretest"
	"github.com/docketlog/docket/internal/logstore"
)

// backupExtension stands for a log_store that makes backups.
type backupExtension struct {
	*storeExtension
	backup func(ctx context.Context, w io.Writer) error
}

func (e *backupExtension) Backup(ctx context.Context, w io.Writer) error { return e.backup(ctx, w) }

func newServerWithBackup(t *testing.T, configure func(*Config), backup func(context.Context, io.Writer) error) *server {
	t.Helper()
	return newServerWithStore(t, configure, func(store *memoryStore) component.Component {
		return &backupExtension{
			storeExtension: &storeExtension{store: store, healthReporter: healthFunc(func() error { return nil }), documents: docstoretest.NewMemory()}, backup: backup,
		}
	})
}

// startBackup asks for a backup and returns the answer with its body unread.
func (s *server) startBackup(method, path string) *http.Response {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.api.address.String()+path, nil)
	require.NoError(s.t, err)
	request.Header.Set("Authorization", "Bearer "+adminToken)
	response, err := s.client.Do(request)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func writeTar(w io.Writer) error {
	archive := tar.NewWriter(w)
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	return errors.Join(
		archive.WriteHeader(&tar.Header{Name: "records/part", Mode: 0o600, Size: int64(len(content))}),
		second(archive.Write(content)), archive.Close())
}

func second(_ int, err error) error { return err }

func TestBackup(t *testing.T) {
	s := newServerWithBackup(t, nil, func(_ context.Context, w io.Writer) error { return writeTar(w) })
	var want bytes.Buffer
	require.NoError(t, writeTar(&want))
	for _, path := range []string{"/api/backup", "/api/backup/"} {
		response := s.startBackup(http.MethodGet, path) //nolint:bodyclose // closed by startBackup
		assert.Equal(t, http.StatusOK, response.StatusCode)
		assert.Equal(t, "application/x-tar", response.Header.Get("Content-Type"))
		assert.Equal(t, "no-store", response.Header.Get("Cache-Control"))
		assert.Regexp(t, `^attachment; filename="docket-backup-\d{8}T\d{6}Z\.tar"$`, response.Header.Get("Content-Disposition"))
		got, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(want.Bytes(), got))
	}
}

func TestHeadOfABackupMakesNone(t *testing.T) {
	s := newServerWithBackup(t, nil, func(context.Context, io.Writer) error {
		t.Error("a backup was made")
		return nil
	})
	response := s.startBackup(http.MethodHead, "/api/backup/") //nolint:bodyclose // closed by startBackup
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.Equal(t, "application/x-tar", response.Header.Get("Content-Type"))
}

func TestOnlyTheAdminMakesBackups(t *testing.T) {
	s := newServerWithBackup(t, nil, func(context.Context, io.Writer) error {
		t.Error("a backup was made")
		return nil
	})
	for _, token := range []string{readerToken, writerToken, ingestToken} {
		assertPostHogError(t, s.get("/api/backup/", token), 403, "authentication_error", "permission_denied", "")
	}
}

func TestAStoreWithoutBackups(t *testing.T) {
	answer := newServer(t, nil).get("/api/backup/", adminToken)
	assertPostHogError(t, answer, 501, "server_error", "not_implemented", "")
	assert.Contains(t, answer.body, "makes no backups")
}

func TestABackupThatFailsBeforeItsFirstByte(t *testing.T) {
	var failure error
	s := newServerWithBackup(t, nil, func(context.Context, io.Writer) error { return failure })
	failure = errors.New("the disk is gone")
	assertPostHogError(t, s.get("/api/backup/", adminToken), 500, "server_error", "error", "")
	failure = fmt.Errorf("wait until all is applied: %w", context.DeadlineExceeded)
	late := s.get("/api/backup/", adminToken)
	assertPostHogError(t, late, 503, "server_error", "service_unavailable", "")
	assert.Equal(t, "30", late.header.Get("Retry-After"))
	failure = &logstore.UnavailableError{Reason: "another backup is being made", RetryAfter: 5 * time.Second}
	answer := s.get("/api/backup/", adminToken)
	assertPostHogError(t, answer, 503, "server_error", "service_unavailable", "")
	assert.Equal(t, "5", answer.header.Get("Retry-After"))
}

// A client must not take half a backup for a whole one.
func TestABackupThatFailsLaterIsCutOff(t *testing.T) {
	s := newServerWithBackup(t, nil, func(_ context.Context, w io.Writer) error {
		return errors.Join(writeTar(w), errors.New("the disk is gone"))
	})
	response := s.startBackup(http.MethodGet, "/api/backup/") //nolint:bodyclose // closed by startBackup
	assert.Equal(t, http.StatusOK, response.StatusCode)
	_, err := io.ReadAll(response.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Len(t, s.log.FilterMessage("A backup was cut short").All(), 1)
	assert.Equal(t, http.StatusOK, s.get("/version", "").status, "the server goes on")
}

// None of the server's times is for a whole backup.
func TestABackupMayTakeLong(t *testing.T) {
	const short = 100 * time.Millisecond
	s := newServerWithBackup(t, func(config *Config) {
		config.Server.ReadTimeout, config.Server.WriteTimeout, config.QueryTimeout = short, short, short/2
	}, func(ctx context.Context, w io.Writer) error {
		for range 5 {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return err
			}
			select {
			case <-time.After(short):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	response := s.startBackup(http.MethodGet, "/api/backup/") //nolint:bodyclose // closed by startBackup
	got, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Len(t, got, 5<<16)
}

// A backup ends with its client, and with the server, also while the client takes
// nothing of it.
func TestABackupEndsEarly(t *testing.T) {
	for name, end := range map[string]func(*server, *http.Response){
		"the client goes away": func(s *server, response *http.Response) { require.NoError(s.t, response.Body.Close()) },
		"the server stops":     func(s *server, _ *http.Response) { require.NoError(s.t, s.api.Shutdown(s.t.Context())) },
	} {
		t.Run(name, func(t *testing.T) {
			ended := make(chan error, 1)
			s := newServerWithBackup(t, nil, func(_ context.Context, w io.Writer) error {
				for {
					if _, err := w.Write(make([]byte, 1<<20)); err != nil {
						ended <- err
						return err
					}
				}
			})
			// A small window, so that the server soon waits for the client.
			s.client.Transport = &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				connection, err := new(net.Dialer).DialContext(ctx, network, address)
				if err == nil {
					err = connection.(*net.TCPConn).SetReadBuffer(4096)
				}
				return connection, err
			}}
			response := s.startBackup(http.MethodGet, "/api/backup/") //nolint:bodyclose // closed by startBackup
			_, err := io.ReadFull(response.Body, make([]byte, 1<<16))
			require.NoError(t, err)
			end(s, response)
			select {
			case err := <-ended:
				require.Error(t, err)
			case <-time.After(20 * time.Second):
				t.Fatal("the backup goes on")
			}
		})
	}
}
