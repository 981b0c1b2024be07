package contentcoding_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/docketlog/docket/extension/logsapiextension/internal/contentcoding"
)

func TestAcceptsGzip(t *testing.T) {
	for accepted, want := range map[string]bool{
		"":                     false,
		"gzip":                 true,
		"GZIP":                 true,
		"br, gzip;q=0.5":       true,
		"gzip; q=0":            false,
		"gzip;q=0.000":         false,
		"gzip;q=many":          false,
		"*":                    true,
		"*;q=0":                false,
		"identity":             false,
		"x-gzip-like, br":      false,
		"deflate,  gzip ; q=1": true,
	} {
		assert.Equal(t, want, contentcoding.AcceptsGzip(http.Header{"Accept-Encoding": {accepted}}), accepted)
	}
	assert.False(t, contentcoding.AcceptsGzip(http.Header{}))
	assert.True(t, contentcoding.AcceptsGzip(http.Header{"Accept-Encoding": {"br", "gzip"}}))
}
