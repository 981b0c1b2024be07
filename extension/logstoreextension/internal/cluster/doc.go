// Package cluster is a backend and a document store in a cluster that need not be
// reachable when Docket starts, nor all the time.
//
// Ingest must not depend on the cluster: the journal takes records whether or not there
// is one. So Open gives the stores at once, and a goroutine connects them, as soon as
// the cluster answers. Until then, and whenever the cluster cannot be reached later,
// whoever reads gets a *logstore.UnavailableError, and Health says why.
//
//	connecting ── Connect succeeds ──▶ connected ── every CheckInterval: Check ──▶ healthy, or why not
//	     ▲  └── fails: again, after a while
//	     └───── Open
//
// A cluster that is connected stays so: the stores need no other connection after an
// outage.
package cluster
