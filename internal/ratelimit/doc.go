// Package ratelimit bounds how many requests each of many callers may make, whatever they
// ask for: a token bucket for each, which fills up by so many requests a second and holds
// a burst of them.
//
// The memory of callers is bounded without a clock of its own. A bucket that is full again
// is as one that never was, so it is forgotten when the number of buckets has doubled since
// the last time that full ones were looked for. So there are at most about twice as many
// as there are busy callers, and looking costs each new caller a constant share.
package ratelimit
