// Package posthog reads filters in PostHog's JSON: of the queries of its logs API and
// of its alerts.
//
//	{"dateRange": {"date_from": "-1h"}, "severityLevels": ["error"], "serviceNames": ["api"],
//	 "searchTerm": "timeout", "filterGroup": {"type": "AND", "values": [
//	   {"key": "http.status", "type": "log_attribute", "operator": "exact", "value": ["500"]}]}}
//
// All that is given must hold. Groups are evaluated as they are nested, AND and OR at
// every level, of leaves of every type; a list of leaves instead of a group is an AND.
// A leaf whose value is missing, null, "" or [] is left out, as are groups of nothing:
// it is a filter that somebody has not filled in yet. So OR with nothing in it selects
// every record. To look for the empty text, give it in a list: [""].
//
// docs/search.md has the table of operators.
package posthog
