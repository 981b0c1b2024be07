//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml

// Package logsapiextension serves Docket's HTTP API: GET /logs, the query family of
// PostHog's logs API (query*.go, with package posthoglogs), saved views (views.go, with
// package savedviews), the keys and projects, dead letters and backups, /healthz and
// /version.
//
// A request takes this way:
//
//	confighttp ─▶ router ─▶ guard ─▶ endpoint ─▶ log store, directory
//	                │         │          │
//	                └─────────┴──────────┴─ error ─▶ problem ─▶ the route's error shape
//
// The router knows every route, its methods and the shape in which its API tells
// errors. The guard asks the directory whom the credentials belong to, and the throttle
// whether they ask too often; what they may do is asked where it matters. Bodies are
// read by package requestbody. An endpoint either writes its answer and
// returns nil, or has written nothing and returns an error, which the router
// turns into the answer. So each API has one place that decides how errors look.
package logsapiextension
