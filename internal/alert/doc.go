// Package alert is the meaning of alerts: when a check is due, what it counts, what
// follows from the counts, and what an edit does to an alert. All of it is functions of
// their arguments: nothing here reads a clock, a store or a setting.
//
//	State ──Due?──▶ Windows ──counts──▶ Check ──Rule.Decide──▶ State, Notification
//
// The rules are those of PostHog's logs alerts as of July 2026 (lifecycle B in Docket's
// notes on that API), and docs/alerts.md tells them to users. Where Docket can more, the
// zero value of a setting is PostHog's behaviour.
package alert
