package audittrail

import (
	"net/netip"
	"sync"
	"time"
)

// Limits of the records of failed sign-ins. All in all there are at most
// maxRecordedSignIns + maxAddresses + 1 in a window, which is 288,000 a day.
const (
	// signInWindow is the time in which they are counted.
	signInWindow = time.Minute
	// maxSignInsOfAddress is how many of one address become records of their own.
	maxSignInsOfAddress = 5
	// maxRecordedSignIns is how many of all addresses do.
	maxRecordedSignIns = 100
	// maxAddresses is how many addresses are told apart.
	maxAddresses = 100
	// addressBits6 is how much of an IPv6 address tells clients apart: whoever has one
	// address has 2^64 of them.
	addressBits6 = 64
)

// signIns decides which failed sign-ins become records, and counts the others by the
// network that they came from. At the end of each window, the counts become records too.
type signIns struct {
	mu sync.Mutex
	// recorded is how many have become records in this window.
	recorded int
	// byNetwork has at most maxAddresses entries.
	byNetwork map[string]*signInCount
	// others is how many came from networks that have no entry and no record.
	others int64
}

type signInCount struct {
	recorded   int
	suppressed int64
}

// suppressed is how many failed sign-ins of a network have no record of their own.
type suppressed struct {
	// network is "" for all that are not told apart.
	network string
	count   int64
}

func newSignIns() *signIns { return &signIns{byNetwork: map[string]*signInCount{}} }

// note reports whether the failed sign-in becomes a record.
func (s *signIns) note(address string) bool {
	network := networkOf(address)
	s.mu.Lock()
	defer s.mu.Unlock()
	of, ok := s.byNetwork[network]
	if !ok {
		if len(s.byNetwork) >= maxAddresses {
			s.others++
			return false
		}
		of = &signInCount{}
		s.byNetwork[network] = of
	}
	if of.recorded >= maxSignInsOfAddress || s.recorded >= maxRecordedSignIns {
		of.suppressed++
		return false
	}
	of.recorded++
	s.recorded++
	return true
}

// next begins a new window and returns the counts of the one before.
func (s *signIns) next() []suppressed {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []suppressed
	for network, of := range s.byNetwork {
		if of.suppressed > 0 {
			all = append(all, suppressed{network, of.suppressed})
		}
	}
	if s.others > 0 {
		all = append(all, suppressed{"", s.others})
	}
	s.recorded, s.others = 0, 0
	clear(s.byNetwork)
	return all
}

// networkOf returns what tells clients apart: an IPv4 address, or the /64 of an IPv6 one.
func networkOf(address string) string {
	parsed, err := netip.ParseAddr(address)
	if err != nil {
		return "unknown" // so that a header with anything in it is one client
	}
	if parsed = parsed.Unmap().WithZone(""); parsed.Is4() {
		return parsed.String()
	}
	prefix, err := parsed.Prefix(addressBits6)
	if err != nil {
		return parsed.String()
	}
	return prefix.String()
}
