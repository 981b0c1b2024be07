// Package evaluation checks alerts.
//
// A check is planned for a moment of the grid of the interval (a tick), and counts what
// happened up to then. All alerts of a project are checked at once, by one histogram of
// the tags that the alerting processor has put on records (record.AttributeAlertMatches):
// so ten thousand alerts cost hardly more than one. An alert whose filters are younger
// than what a check looks back on is counted by its filters instead, as long as that is
// so; both count the same.
//
// An alert with groups is counted by itself, by one histogram of its field, and what follows
// is decided for each of its groups; all of them are in the alert's document.
//
// A check that changes nothing writes nothing: that all alerts were checked up to some
// tick is one document for all of them. After an interruption the missed ticks are
// caught up, one after the other, so that nothing that fired and resolved meanwhile is
// lost.
package evaluation
