package audittrail

import (
	"net/netip"
	"sync"
	"time"
)

// floodWindow is the time in which what may come in floods is counted.
const floodWindow = time.Minute

// floodLimits are those of one kind of events that somebody can cause as often as they
// like. All in all there are at most all + sources + 1 records of them in a window.
type floodLimits struct {
	// each is how many events of one source become records of their own.
	each int
	// all is how many of all sources do.
	all int
	// sources is how many sources are told apart.
	sources int
}

// flood decides which events of a kind become records, and counts the others by their
// source. At the end of each window, the counts become records too.
type flood[S comparable] struct {
	limits floodLimits

	mu sync.Mutex
	// recorded is how many have become records in this window.
	recorded int
	// bySource has at most limits.sources entries.
	bySource map[S]*floodCount
	// others is how many came from sources that have no entry and no record.
	others int64
}

type floodCount struct {
	recorded   int
	suppressed int64
}

// suppressed is how many events of a source have no record of their own.
type suppressed[S comparable] struct {
	// source is the zero value for all that are not told apart.
	source S
	count  int64
}

func newFlood[S comparable](limits floodLimits) *flood[S] {
	return &flood[S]{limits: limits, bySource: map[S]*floodCount{}}
}

// note reports whether an event becomes a record.
func (f *flood[S]) note(source S) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	of, ok := f.bySource[source]
	if !ok {
		if len(f.bySource) >= f.limits.sources {
			f.others++
			return false
		}
		of = &floodCount{}
		f.bySource[source] = of
	}
	if of.recorded >= f.limits.each || f.recorded >= f.limits.all {
		of.suppressed++
		return false
	}
	of.recorded++
	f.recorded++
	return true
}

// next begins a new window and returns the counts of the one before.
func (f *flood[S]) next() []suppressed[S] {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []suppressed[S]
	for source, of := range f.bySource {
		if of.suppressed > 0 {
			all = append(all, suppressed[S]{source, of.suppressed})
		}
	}
	if f.others > 0 {
		all = append(all, suppressed[S]{count: f.others})
	}
	f.recorded, f.others = 0, 0
	clear(f.bySource)
	return all
}

// addressBits6 is how much of an IPv6 address tells clients apart: whoever has one address
// has 2^64 of them.
const addressBits6 = 64

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
