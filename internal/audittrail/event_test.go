package audittrail_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/docketlog/docket/internal/audittrail"
)

func TestAddressOf(t *testing.T) {
	assert.Empty(t, audittrail.AddressOf(nil))
	for _, address := range []net.Addr{&net.IPAddr{IP: net.IPv4(192, 0, 2, 1)}, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 4711}} {
		assert.Equal(t, "192.0.2.1", audittrail.AddressOf(address))
	}
}

func TestOriginOf(t *testing.T) {
	tests := []struct {
		name, remote string
		hops         []string
		isForwarded  bool
		want         string
	}{
		{"the connection's", "192.0.2.1:4711", nil, false, "192.0.2.1"},
		{"IPv6", "[2001:db8::1]:4711", nil, false, "2001:db8::1"},
		{"IPv4 in IPv6", "[::ffff:192.0.2.1]:4711", nil, false, "192.0.2.1"},
		{"what a client says", "192.0.2.1:4711", []string{"198.51.100.7"}, false, "192.0.2.1"},
		{"what the proxy says", "192.0.2.1:4711", []string{"198.51.100.7"}, true, "198.51.100.7"},
		{"what the proxy adds to what a client says", "192.0.2.1:4711", []string{"10.0.0.1", "10.0.0.2, 198.51.100.7"}, true, "198.51.100.7"},
		{"a proxy that says a port", "192.0.2.1:4711", []string{"198.51.100.7:80"}, true, "198.51.100.7"},
		{"a proxy that says nothing", "192.0.2.1:4711", nil, true, "192.0.2.1"},
		{"no address", "@", nil, false, "@"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodDelete, "/api/projects/1/?token=x", nil)
			r.RemoteAddr = test.remote
			r.Header.Set("User-Agent", "curl/8")
			for _, hop := range test.hops {
				r.Header.Add("X-Forwarded-For", hop)
			}
			assert.Equal(t, audittrail.Origin{Address: test.want, UserAgent: "curl/8", Method: http.MethodDelete, Path: "/api/projects/1/"},
				audittrail.OriginOf(r, test.isForwarded))
		})
	}
}
