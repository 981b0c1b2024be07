package notify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// AddressError says that a destination has an address that notifications may not be sent
// to, as what is there may trust whoever is near.
type AddressError struct{ Address netip.Addr }

func (e *AddressError) Error() string {
	return fmt.Sprintf("%s is not a public address: an operator can allow those with allow_private_webhooks", e.Address)
}

// notPublic are the networks that IANA lists as not globally reachable, beside those that
// netip knows, and those that lead to other addresses.
var notPublic = [...]netip.Prefix{ //nolint:gochecknoglobals // a constant
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("3fff::/20"), netip.MustParsePrefix("5f00::/16"), netip.MustParsePrefix("::/96"), netip.MustParsePrefix("fec0::/10"),
}

// IsPublic reports whether an address is one of the Internet's.
func IsPublic(address netip.Addr) bool {
	address = address.Unmap().WithZone("")
	if !address.IsGlobalUnicast() || address.IsPrivate() {
		return false
	}
	for _, network := range notPublic {
		if network.Contains(address) {
			return false
		}
	}
	return true
}

const (
	connectTimeout = 10 * time.Second
	maxRedirects   = 3
)

// CheckHost returns an *AddressError if a host is written as an address that is not public,
// or is the name of the machine itself. What other names resolve to is only known when they
// are connected to.
func CheckHost(host string) error {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return &AddressError{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	}
	if address, err := netip.ParseAddr(host); err == nil && !IsPublic(address) {
		return &AddressError{address}
	}
	return nil
}

// newDialer returns a dialer that connects to allowed addresses only. It looks at the
// address that is connected to: whatever a name resolved to before, and wherever a redirect
// leads.
func newDialer(isAllowed func(netip.AddrPort) bool) *net.Dialer {
	return &net.Dialer{
		Timeout: connectTimeout,
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			parsed, err := netip.ParseAddrPort(address)
			if err != nil {
				return fmt.Errorf("read the address %s: %w", address, err)
			}
			if !isAllowed(parsed) {
				return &AddressError{parsed.Addr()}
			}
			return nil
		},
	}
}

var (
	errTooManyRedirects = errors.New("there are too many redirects")
	errDowngrade        = errors.New("it redirects from https to http")
)

// newClient returns a client for destinations. It uses no proxy: that would connect in
// its place.
func newClient(dialer *net.Dialer) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: connectTimeout,
			MaxIdleConns: 20, IdleConnTimeout: 30 * time.Second,
		},
		CheckRedirect: func(next *http.Request, before []*http.Request) error {
			switch {
			case len(before) > maxRedirects:
				return errTooManyRedirects
			case before[0].URL.Scheme == "https" && next.URL.Scheme != "https":
				return errDowngrade
			default:
				return nil
			}
		},
	}
}
