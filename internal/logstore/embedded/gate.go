package embedded

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/docketlog/docket/internal/logstore"
)

// gate lets queries do their work in turns, so that they share the processors with each
// other and with what brings records. A query's work is cut into slices (see slices),
// each of which takes a turn:
//
//	query ── begin ──▶ a place, of Limits.MaxQueries; half of them for one project
//	slice ── turn ───▶ short lane   until the query has worked for shortQuery: a slice on
//	             │                  each processor; beside records, on half of them
//	             └───▶ long lane    later: the same while nothing comes in; beside
//	                                records, Limits.CPUShare of the processors
//
// So who looks at the newest page does not wait behind who counts everything. Within a
// lane, the next turn is that of the project that has worked the least since it came, and
// of its slices the one that has waited the longest.
//
// What has no query in its context takes no turn: the applier and deletions, which must
// not wait for those who read. No slice begins while the same query's visit of another
// one's rows waits for it, so no turn waits for itself.
type gate struct {
	limits Limits
	sizes  sliceSizes
	intake intake

	mu sync.Mutex
	// What follows belongs to mu.

	queries  int
	projects map[int64]*projectWork
	// memory is what all queries hold, in bytes.
	memory      int64
	short, long lane
	// arrivals numbers the slices that have come to a lane.
	arrivals uint64
}

// projectWork is what a project does that has queries.
type projectWork struct {
	queries int
	// worked is the time that its slices took, and as much as others had when it came.
	worked time.Duration
}

// lane is a queue of slices for a number of places.
type lane struct {
	running int
	waiting []*turn
	// restUntil is when the next slice may begin, if that is later.
	restUntil time.Time
}

const (
	// shortQuery is how long a query may work in the short lane.
	shortQuery = 50 * time.Millisecond
	// littleBusy is how busy it may be before queries make room.
	littleBusy = 0.1
	// longestRest bounds the rest after a slice.
	longestRest = time.Second
	// retryQuery is when to try again that was refused for the number of queries.
	retryQuery = time.Second
)

func newGate(limits Limits) *gate {
	return &gate{limits: limits, sizes: defaultSliceSizes(), projects: map[int64]*projectWork{}}
}

// begin takes a place for a query of a project.
func (g *gate) begin(project int64) (*query, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	work := g.projects[project]
	most := (g.limits.MaxQueries + 1) / 2
	switch {
	case g.queries >= g.limits.MaxQueries:
		return nil, tooManyQueries("%d are being answered", g.queries)
	case work != nil && work.queries >= most:
		return nil, tooManyQueries("%d of the project are being answered", work.queries)
	case work == nil:
		work = &projectWork{worked: g.leastWorked()}
		g.projects[project] = work
	}
	work.queries++
	g.queries++
	return &query{gate: g, project: project, work: work}, nil
}

func tooManyQueries(format string, arguments ...any) error {
	return &logstore.TooManyQueriesError{Reason: fmt.Sprintf(format, arguments...), RetryAfter: retryQuery}
}

// leastWorked is with what a project begins: it is neither rewarded nor punished for what
// was before.
func (g *gate) leastWorked() time.Duration {
	least := time.Duration(math.MaxInt64)
	for _, work := range g.projects {
		least = min(least, work.worked)
	}
	if len(g.projects) == 0 {
		return 0
	}
	return least
}

// end gives back what a query has.
func (g *gate) end(q *query) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.queries--
	g.memory -= q.memory
	q.memory = 0
	if q.work.queries--; q.work.queries == 0 {
		delete(g.projects, q.project)
	}
}

// turn is a slice's place in a lane.
type turn struct {
	query *query
	lane  *lane
	// arrival is its number.
	arrival uint64
	// granted is closed when the turn has come; it begins no earlier than notBefore.
	granted   chan struct{}
	notBefore time.Time
	// isAlone is true if the slice is to be read by one goroutine.
	isAlone bool
	began   time.Time
}

// wait returns a turn for a slice of a query, to be ended by done.
func (g *gate) wait(ctx context.Context, q *query) (*turn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t := g.queue(q)
	if err := t.come(ctx); err != nil {
		g.leave(t)
		return nil, err
	}
	t.began = time.Now()
	return t, nil
}

func (g *gate) queue(q *query) *turn {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := &turn{query: q, lane: &g.short, arrival: g.arrivals, granted: make(chan struct{})}
	g.arrivals++
	if q.worked >= shortQuery {
		t.lane = &g.long
	}
	t.lane.waiting = append(t.lane.waiting, t)
	g.grant(t.lane)
	return t
}

// come returns when the turn begins.
func (t *turn) come(ctx context.Context) error {
	select {
	case <-t.granted:
	case <-ctx.Done():
		return ctx.Err()
	}
	return sleep(ctx, time.Until(t.notBefore))
}

// leave gives up a turn that has not begun.
func (g *gate) leave(t *turn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if at := slices.Index(t.lane.waiting, t); at >= 0 {
		t.lane.waiting = slices.Delete(t.lane.waiting, at, at+1)
		return
	}
	t.lane.running--
	g.grant(t.lane)
}

// done ends a turn, and returns how long it took.
func (g *gate) done(t *turn) (took time.Duration) {
	now := time.Now()
	took = now.Sub(t.began)
	g.mu.Lock()
	defer g.mu.Unlock()
	t.query.worked += took
	t.query.work.worked += took
	t.lane.running--
	if t.lane == &g.long {
		t.lane.restUntil = now.Add(g.restAfter(took, now))
	}
	g.grant(t.lane)
	return took
}

// grant gives the free places of a lane to those who wait. The caller holds mu.
func (g *gate) grant(l *lane) {
	for len(l.waiting) > 0 && l.running < g.places(l, time.Now()) {
		at := l.next()
		t := l.waiting[at]
		l.waiting = slices.Delete(l.waiting, at, at+1)
		l.running++
		t.notBefore = l.restUntil
		t.isAlone = l == &g.long || g.intake.busy(time.Now()) > littleBusy
		close(t.granted)
	}
}

// next returns the place of the turn that comes next.
func (l *lane) next() int {
	best := 0
	for at, t := range l.waiting {
		first := l.waiting[best]
		if t.query.work.worked < first.query.work.worked || t.query.work == first.query.work && t.arrival < first.arrival {
			best = at
		}
	}
	return best
}

// isBusy reports whether long queries have to make room for what brings records, or for
// each other.
func (g *gate) isBusy() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.long.waiting) > 0 || g.intake.busy(time.Now()) > littleBusy
}

// places returns how many slices of a lane may run at the same time.
func (g *gate) places(l *lane, now time.Time) int {
	all := processors()
	least := max(1, all/2)
	if l == &g.long {
		least = g.longPlaces()
	}
	return least + int(math.Round((1-g.intake.busy(now))*float64(all-least)))
}

// longPlaces is how many places the long lane has beside records.
func (g *gate) longPlaces() int { return max(1, int(g.limits.CPUShare*float64(processors()))) }

// restAfter returns how long the long lane is to rest after a slice, so that it takes no
// more than its share.
func (g *gate) restAfter(took time.Duration, now time.Time) time.Duration {
	share := g.limits.CPUShare * float64(processors()) / float64(g.longPlaces()) // of the time of a place
	if share >= 1 {
		return 0
	}
	rest := float64(took) * (1/share - 1) * g.intake.busy(now)
	return min(longestRest, time.Duration(rest))
}
