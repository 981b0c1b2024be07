package retention

import "time"

// dayLength is the length of a day (UTC).
const dayLength = 24 * time.Hour

// day is what the store has of a day.
type day struct {
	// start is the day's first moment.
	start time.Time
	// bytes is its size on disk.
	bytes int64
	// projects are those with records; not known when only sizes matter.
	projects []int64
}

// isPast reports whether all of the day is older than the age; an age of 0 is
// never reached.
func (d day) isPast(age time.Duration, now time.Time) bool {
	return age > 0 && !d.start.Add(dayLength).After(now.Add(-age))
}

// expired returns the projects of the day whose records are past their ages.
func (p Policy) expired(d day, now time.Time) []int64 {
	var expired []int64
	for _, project := range d.projects {
		if d.isPast(p.age(project), now) {
			expired = append(expired, project)
		}
	}
	return expired
}

// overBudget returns the days that have to go, of all, which are sorted, the
// oldest first; and by how many bytes what is left is still too large.
func (p Policy) overBudget(all []day, now time.Time) (gone []day, excess int64) {
	if p.MaxBytes == 0 {
		return nil, 0
	}
	for _, d := range all {
		excess += d.bytes
	}
	excess -= p.MaxBytes
	for i, d := range all {
		isNewest := i == len(all)-1
		if excess <= 0 || isNewest || d.start.Add(dayLength).After(now) {
			break
		}
		gone = append(gone, d)
		excess -= d.bytes
	}
	return gone, max(excess, 0)
}
