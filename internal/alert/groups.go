package alert

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

const (
	// DefaultMaxGroups is how many groups an alert has at most unless an operator says
	// otherwise.
	DefaultMaxGroups = 100
	// MaxGroups is how many an operator may allow: all are in one document.
	MaxGroups = 1000
	// GroupMemory is how long a group is remembered that has no records any more.
	GroupMemory = 24 * time.Hour
	// MaxGroupBytes is the longest value that may be a group.
	MaxGroupBytes = 256
)

// Group is what is known of those records of an alert that have one value in the field by
// which it groups them.
type Group struct {
	Value string `json:"value"`
	// Name is NotFiring or Firing; Since is when the check was that made it so, zero if an
	// edit did.
	Name  Name      `json:"state"`
	Since time.Time `json:"since,omitzero"`
	// Count is that of the newest window of the last check.
	Count int64 `json:"count"`
	// FirstSeenAt and SeenAt are the first and the newest check that found records; zero if
	// those were of other filters.
	FirstSeenAt time.Time `json:"first_seen_at,omitzero"`
	SeenAt      time.Time `json:"seen_at,omitzero"`
	// LastNotifiedAt is when firing or resolving was last announced.
	LastNotifiedAt time.Time `json:"last_notified_at,omitzero"`
}

// IsFiring reports whether the group fires.
func (g Group) IsFiring() bool { return g.Name == Firing }

func (g Group) state() State {
	return State{Name: g.Name, Enabled: true, LastNotifiedAt: g.LastNotifiedAt}
}

// GroupLimits bound the groups of an alert. Both are required.
type GroupLimits struct {
	// AtMost is how many there may be.
	AtMost int
	// Memory is how long one is remembered that has no records any more.
	Memory time.Duration
}

// GroupsCheck is a check that succeeded of an alert with groups.
type GroupsCheck struct {
	// Counts are those of Rule.Windows, the newest first, for each value that has records in
	// any of them.
	Counts map[string][]int64
	Limits GroupLimits
	// IsQuiet is true in quiet hours.
	IsQuiet bool
}

// GroupChange is what happens to a group in a check and is to be told.
type GroupChange struct {
	// Before has the state NotFiring if the check is the first to see the group; IsNew is
	// true then.
	Before, After Group
	IsNew         bool
	// Breached reports whether the newest window breached.
	Breached bool
	// Notification is what is to be announced; Held is what is not because of the cooldown,
	// and Muted what is not because of quiet hours.
	Notification, Held, Muted Notification
	// IsGone is true for a group that fired and had no records for as long as it is
	// remembered.
	IsGone bool
}

// GroupsDecision is what follows from a check for the groups of an alert.
type GroupsDecision struct {
	// State is that of the alert, which fires as long as one of its groups does.
	State State
	// Groups are those that are remembered, by their value.
	Groups []Group
	// Changes are to be told, in the order of their values.
	Changes []GroupChange
	// LeftOut is how many values had records and are no groups, because there are too many
	// or because they are too long.
	LeftOut int
}

// DecideGroups returns what follows from a check of an alert that was due for each group as
// if it were an alert of its own. Values that are no groups yet become some as long as there
// is room: those first whose condition is met, then those with the most records. The same
// check made again on what came of it changes nothing more.
func (r Rule) DecideGroups(before State, groups []Group, check GroupsCheck, now time.Time) GroupsDecision {
	d := GroupsDecision{State: before}
	if before.Name == Broken || before.IsAsleep(now) {
		d.Groups = groups
		return d
	}
	if before.Name == Snoozed {
		d.State.SnoozeUntil = time.Time{}
	}
	d.State.Failures, d.State.LastCheckedAt = 0, now
	isKnown := make(map[string]bool, len(groups))
	for _, group := range groups {
		isKnown[group.Value] = true
		d.add(r.decideGroup(group, check, now))
	}
	values := r.newValues(check.Counts, isKnown, now)
	admitted := min(len(values), max(0, check.Limits.AtMost-len(d.Groups)))
	for _, value := range values[:admitted] {
		change, isKept := r.decideGroup(Group{Value: value, Name: NotFiring, Since: now}, check, now)
		change.IsNew = true
		d.add(change, isKept)
	}
	for value := range check.Counts {
		if !isKnown[value] {
			d.LeftOut++
		}
	}
	d.LeftOut -= admitted
	slices.SortFunc(d.Changes, func(a, b GroupChange) int { return strings.Compare(a.After.Value, b.After.Value) })
	d.settle()
	return d
}

// settle puts the groups into their order and the alert into the state that they make.
func (d *GroupsDecision) settle() {
	slices.SortFunc(d.Groups, func(a, b Group) int { return strings.Compare(a.Value, b.Value) })
	d.State.Name = NotFiring
	if slices.ContainsFunc(d.Groups, Group.IsFiring) {
		d.State.Name = Firing
	}
}

func (d *GroupsDecision) add(change GroupChange, isKept bool) {
	if isKept {
		d.Groups = append(d.Groups, change.After)
	}
	if change.Before.Name != change.After.Name || change.Notification != NoNotification || change.Held != NoNotification || change.Muted != NoNotification {
		d.Changes = append(d.Changes, change)
	}
}

// PutOff leaves all but the first changes for the same check to be made again: the groups
// of the others are as before it.
func (d *GroupsDecision) PutOff(first int) {
	for _, change := range d.Changes[first:] {
		d.Groups = slices.DeleteFunc(d.Groups, func(g Group) bool { return g.Value == change.After.Value })
		if !change.IsNew {
			d.Groups = append(d.Groups, change.Before)
		}
	}
	d.Changes = d.Changes[:first]
	d.settle()
}

// decideGroup decides on one group; isKept is false if there is nothing more to know of it.
func (r Rule) decideGroup(group Group, check GroupsCheck, now time.Time) (change GroupChange, isKept bool) {
	change = GroupChange{Before: group}
	counts := check.Counts[group.Value]
	if counts == nil {
		counts = make([]int64, max(1, r.Periods))
	}
	group.Count = counts[0]
	hasRecords := slices.ContainsFunc(counts, func(count int64) bool { return count > 0 })
	if hasRecords {
		group.SeenAt = now
		if group.FirstSeenAt.IsZero() {
			group.FirstSeenAt = now
		}
	}
	switch {
	case !hasRecords && now.Sub(group.SeenAt) >= check.Limits.Memory:
		change.IsGone = group.IsFiring()
		change.Notification, change.Held = r.forget(&group, now)
	default:
		d := r.Decide(group.state(), Check{Counts: r.judged(group, counts, now)}, now)
		change.Breached, change.Notification, change.Held = d.Breached, d.Notification, d.Held
		group.become(d.State.Name, now)
		group.LastNotifiedAt = d.State.LastNotifiedAt
	}
	if check.IsQuiet && change.Notification != NoNotification {
		change.Notification, change.Muted = NoNotification, change.Notification
		group.LastNotifiedAt = change.Before.LastNotifiedAt
	}
	change.After = group
	isCooling := r.isCoolingDown(group.state(), now) && now.Sub(group.LastNotifiedAt) < check.Limits.Memory
	isMissed := !group.SeenAt.IsZero() && r.Breaches(0)
	return change, hasRecords || group.IsFiring() || isCooling || isMissed
}

// forget ends a group that had no records for too long.
func (r Rule) forget(group *Group, now time.Time) (announced, held Notification) {
	wasFiring := group.IsFiring()
	group.become(NotFiring, now)
	group.FirstSeenAt, group.SeenAt = time.Time{}, time.Time{}
	switch {
	case !wasFiring:
		return NoNotification, NoNotification
	case r.isCoolingDown(group.state(), now):
		return NoNotification, Resolve
	default:
		group.LastNotifiedAt = now
		return Resolve, NoNotification
	}
}

func (g *Group) become(name Name, now time.Time) {
	if g.Name != name {
		g.Name, g.Since = name, now
	}
}

// judged returns the counts of a group as they are judged: that a window has too few
// records says nothing if it began before the group was there.
func (r Rule) judged(group Group, counts []int64, now time.Time) []int64 {
	counts = slices.Clone(counts)
	for k, window := range r.Windows(now.Add(-r.Delay)) {
		isTooFew := r.Operator == Below || counts[k] == 0 && r.NoData == NoDataBreaches
		if isTooFew && window.From.Before(group.FirstSeenAt.Add(-r.Delay)) {
			counts[k] = Unjudged
		}
	}
	return counts
}

// IsMetBy reports whether a group that was first seen by a check meets the condition.
// Counts are those of a later check or the same.
func (r Rule) IsMetBy(firstSeenAt time.Time, counts []int64, checkAt time.Time) bool {
	return r.IsMet(r.judged(Group{FirstSeenAt: firstSeenAt}, counts, checkAt))
}

// newValues returns the values that may become groups, the most urgent first.
func (r Rule) newValues(counts map[string][]int64, isKnown map[string]bool, now time.Time) []string {
	var values []string
	totals := map[string]int64{}
	for value, of := range counts {
		if isKnown[value] || len(value) > MaxGroupBytes {
			continue
		}
		values = append(values, value)
		for _, count := range of {
			totals[value] += count
		}
	}
	urgency := func(value string) int {
		if r.IsMetBy(now, counts[value], now) {
			return 0
		}
		return 1
	}
	slices.SortFunc(values, func(a, b string) int {
		return cmp.Or(urgency(a)-urgency(b), cmp.Compare(totals[b], totals[a]), strings.Compare(a, b))
	})
	return values
}
