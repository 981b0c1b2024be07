// Package dates reads the dates of filters: ISO 8601 timestamps, and times that are
// relative to now as PostHog writes them.
//
// A date names a span, not a point: 2026-11-21 is a day, 2026-11-21T10:00Z a
// minute, and -1h the nanosecond an hour ago. Both ends are returned, so that "from
// the 21st" and "to the 21st" both include the whole day.
package dates
