package embedded

import (
	"sync"

	"github.com/docketlog/docket/internal/record"
)

// collectorList has the collectors of goroutines by their numbers.
type collectorList struct {
	// query is whose memory they take; nil nobody's.
	query        *query
	newCollector func() collector

	mu  sync.Mutex
	all []*accountedCollector
}

func (l *collectorList) of(worker uint) collector {
	l.mu.Lock()
	defer l.mu.Unlock()
	for uint(len(l.all)) <= worker {
		l.all = append(l.all, &accountedCollector{collector: l.newCollector(), query: l.query})
	}
	return l.all[worker]
}

// list returns the collectors. None may be used any more.
func (l *collectorList) list() []collector {
	collectors := make([]collector, len(l.all))
	for worker, one := range l.all {
		collectors[worker] = one.collector
	}
	return collectors
}

// accountedCollector tells the query how much memory a collector takes, if the collector
// knows.
type accountedCollector struct {
	collector
	query *query
	// held is what the query knows of, in bytes.
	held int64
}

// memoryHolder is a collector that may take much memory.
type memoryHolder interface {
	// HeldBytes is about how much it is.
	HeldBytes() int64
}

// memoryStep is how many bytes more a query is told of at least.
const memoryStep = 64 << 10

func (c *accountedCollector) addRows(found foundRows) error {
	if err := c.collector.addRows(found); err != nil {
		return err
	}
	return c.account()
}

func (c *accountedCollector) addRecord(r record.Record) error {
	if err := c.collector.addRecord(r); err != nil {
		return err
	}
	return c.account()
}

func (c *accountedCollector) account() error {
	holder, ok := c.collector.(memoryHolder)
	if !ok {
		return nil
	}
	more := holder.HeldBytes() - c.held
	if more < memoryStep {
		return nil
	}
	c.held += more
	return c.query.hold(more)
}
