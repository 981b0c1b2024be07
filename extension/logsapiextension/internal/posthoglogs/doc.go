// Package posthoglogs answers the questions of PostHog's logs API: what a request's
// body or parameters ask, of which store, and what the answer looks like. It knows
// nothing of HTTP; the extension knows the routes, who may ask, and how errors look.
//
//	{"query": {…}} ─▶ selection, options ─▶ Reader, Analyst ─▶ answer, written as JSON
//
// Each question has a file: query.go, count.go, sparkline.go, facets.go, attributes.go,
// services.go, groups.go, patterns.go, patterns_diff.go, export.go; and record.go,
// context.go and tail.go, which PostHog's API does not have. What they share is in
// request.go (the body), parameters.go (those of a GET), interval.go (the widths of
// buckets), row.go (a record as it is answered) and column.go (a part of a record that
// a client names).
//
// docs/query-api.md is the reference for clients, and says where Docket's answers
// differ from PostHog's.
package posthoglogs
