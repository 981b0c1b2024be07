package auditlogreceiver

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestContentTypes(t *testing.T) {
	for _, format := range formats {
		server := start(t, nil)
		for contentType, want := range map[string]int{
			"application/json":                  200,
			"APPLICATION/JSON":                  200,
			"application/json; charset=utf-8":   200,
			"application/json;charset=UTF-8":    200,
			`application/json; charset="utf-8"`: 200,
			"application/json; charset=utf-16":  415,
			"application/x-www-form-urlencoded": 415,
			"multipart/form-data; boundary=x":   415,
			"text/plain":                        415,
			"application/xml":                   415,
			"":                                  415,
			"application/json;;":                415,
		} {
			headers := append([]string{"Content-Type", contentType}, format.headers...)
			got := server.post(format.path, format.good, headers...)
			assert.Equal(t, want, got.status, "%s %q", format.name, contentType)
			if want == http.StatusUnsupportedMediaType {
				message, _ := messageOf(t, format.name, got)
				assert.Contains(t, message, "application/json")
			}
		}
	}
}

func compress(t *testing.T, encoding string, data []byte) []byte {
	t.Helper()
	var buffer bytes.Buffer
	var writer io.WriteCloser
	switch encoding {
	case "gzip":
		writer = gzip.NewWriter(&buffer)
	case "deflate":
		writer = zlib.NewWriter(&buffer)
	case "zstd":
		encoder, err := zstd.NewWriter(&buffer)
		require.NoError(t, err)
		writer = encoder
	}
	_, err := writer.Write(data)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	return buffer.Bytes()
}

func TestContentEncodings(t *testing.T) {
	for _, format := range formats {
		for _, encoding := range []string{"gzip", "deflate", "zstd"} {
			t.Run(format.name+" "+encoding, func(t *testing.T) {
				server := start(t, nil)
				headers := append([]string{"Content-Encoding", encoding}, format.headers...)
				body := compress(t, encoding, []byte(format.good))

				got := server.send(http.MethodPost, format.path, bytes.NewReader(body), headers...)
				assert.Equal(t, http.StatusOK, got.status, got.body)

				// Chunked: the length of the body is not known.
				got = server.send(http.MethodPost, format.path, io.MultiReader(bytes.NewReader(body)), headers...)
				assert.Equal(t, http.StatusOK, got.status, got.body)

				for _, broken := range [][]byte{[]byte(format.good), body[:len(body)/2], {}} {
					got = server.send(http.MethodPost, format.path, bytes.NewReader(broken), headers...)
					assert.Equal(t, http.StatusBadRequest, got.status, got.body)
					messageOf(t, format.name, got)
				}
				assert.Len(t, server.pipeline.AllLogs(), 2)
			})
		}
	}
}

func TestOtherContentEncodings(t *testing.T) {
	for _, format := range formats {
		server := start(t, nil)
		got := server.post(format.path, format.good, append([]string{"Content-Encoding", "identity"}, format.headers...)...)
		assert.Equal(t, http.StatusOK, got.status, got.body)

		got = server.post(format.path, format.good, append([]string{"Content-Encoding", "br"}, format.headers...)...)
		assert.Equal(t, http.StatusUnsupportedMediaType, got.status)
		message, _ := messageOf(t, format.name, got)
		assert.Contains(t, message, "gzip")
	}
}

// TestTooLarge: the limit holds for what is sent and for what it is decompressed
// to, whether or not the length is known.
func TestTooLarge(t *testing.T) {
	const limit = 64 << 10
	for _, format := range formats {
		server := start(t, func(c *Config) {
			c.ServerConfig.MaxRequestBodySize = limit
			c.MaxRecordSize = limit
		})
		large := []byte(strings.TrimSuffix(format.good, "}") + `,"x":"` + strings.Repeat("x", limit) + `"}`)
		check := func(name string, body io.Reader, headers ...string) {
			got := server.send(http.MethodPost, format.path, body, append(headers, format.headers...)...)
			assert.Equal(t, http.StatusRequestEntityTooLarge, got.status, "%s %s %s", format.name, name, got.body)
			message, _ := messageOf(t, format.name, got)
			assert.Contains(t, message, "65536")
		}
		check("plain", bytes.NewReader(large))
		check("chunked", io.MultiReader(bytes.NewReader(large)))
		for _, encoding := range []string{"gzip", "deflate", "zstd"} {
			check(encoding, bytes.NewReader(compress(t, encoding, large)), "Content-Encoding", encoding)
		}
		assert.Empty(t, server.pipeline.AllLogs())
		assert.Equal(t, http.StatusOK, server.post(format.path, format.good, format.headers...).status)
	}
}

func TestDefaultLimits(t *testing.T) {
	server := start(t, nil)
	fill := func(n int) string { return `{"msg":"` + strings.Repeat("x", n-len(`{"msg":""}`)) + `"}` }
	assert.Equal(t, http.StatusOK, server.post(pathLogSentry, fill(1<<20)+"\n").status)
	assert.Equal(t, http.StatusRequestEntityTooLarge, server.post(pathLogSentry, fill(1<<20+1)).status)

	bomb := compress(t, "gzip", bytes.Repeat([]byte(" "), 64<<20))
	got := server.send(http.MethodPost, pathLogSentry, bytes.NewReader(bomb), "Content-Encoding", "gzip")
	assert.Equal(t, http.StatusRequestEntityTooLarge, got.status)
	assert.Contains(t, got.body, "16777216")
}

func TestMethods(t *testing.T) {
	server := start(t, nil)
	for _, format := range formats {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions} {
			got := server.send(method, format.path, strings.NewReader(""))
			assert.Equal(t, http.StatusMethodNotAllowed, got.status)
			assert.Equal(t, "POST", got.header.Get("Allow"))
			messageOf(t, format.name, got)
		}
	}
}

func TestUnknownPath(t *testing.T) {
	server := start(t, nil)
	for _, path := range []string{"/", "/api", "/api/auditlog/x", "/v1/events", "/v1/x/logs", "//logs"} {
		got := server.post(path, goodLogSentry)
		assert.Equal(t, http.StatusNotFound, got.status, path)
		for _, known := range []string{"/api/auditlog", "/api/v1/event", "/v1/event", "/{version}/logs", "/logs"} {
			assert.Contains(t, got.json(t)["message"], known)
		}
	}
}

func TestDisabledFormat(t *testing.T) {
	server := start(t, func(c *Config) {
		c.LogHub.Enabled = false
		c.LogSentry.Paths = []string{"/other"}
	})
	assert.Equal(t, http.StatusNotFound, server.post(pathLogHub, goodLogHub).status)
	assert.Equal(t, http.StatusNotFound, server.post(pathLogSentry, goodLogSentry).status)
	assert.Equal(t, http.StatusOK, server.post("/other", goodLogSentry).status)
}

// TestOTLP sends OTLP to the path that CodeMash and OTLP/HTTP share.
func TestOTLP(t *testing.T) {
	server := startWithKeys(t)
	for _, test := range []struct {
		contentType, body string
		status            int
	}{
		{"application/x-protobuf", "\n\x03\n\x01", http.StatusUnsupportedMediaType},
		{"application/json", `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hello"}}]}]}]}`, http.StatusBadRequest},
	} {
		got := server.post(pathCodeMash, test.body, "Content-Type", test.contentType, "Authorization", "Bearer one")
		assert.Equal(t, test.status, got.status)
		message, _ := messageOf(t, "codemash", got)
		assert.Contains(t, message, "OTLP is taken on port 4318 (HTTP) and 4317 (gRPC)")
	}
}

// TestSecretsAreNotStored sends headers that must not get into a record.
func TestSecretsAreNotStored(t *testing.T) {
	for _, format := range formats {
		server := startWithKeys(t)
		got := server.post(format.path, format.good, append([]string{"Cookie", "session=secret"}, format.headers...)...)
		require.Equal(t, http.StatusOK, got.status, got.body)
		for name, value := range server.only().Log.Attributes().All() {
			assert.NotContains(t, value.AsString(), "secret", name)
			assert.NotContains(t, strings.ToLower(name), "authorization")
			assert.NotContains(t, strings.ToLower(name), "token")
			assert.NotContains(t, strings.ToLower(name), "cookie")
		}
	}
}

// TestOddUserAgent: a header may hold any bytes, a record only UTF-8.
func TestOddUserAgent(t *testing.T) {
	server := start(t, nil)
	require.Equal(t, http.StatusOK, server.post(pathLogSentry, goodLogSentry, "User-Agent", "a\xffb").status)
	value, _ := server.only().Log.Attributes().Get("user_agent.original")
	assert.Equal(t, "a\uFFFDb", value.Str())
}
