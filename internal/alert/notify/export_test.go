package notify

import "net/netip"

// AllowOnly makes the sender connect to some addresses only: in tests all are on this
// machine.
func (s *Sender) AllowOnly(isAllowed func(netip.AddrPort) bool) {
	s.client.CloseIdleConnections()
	s.client = newClient(newDialer(isAllowed))
}
