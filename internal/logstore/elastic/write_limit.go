package elastic

import "sync"

// minBulkBytes is the size below which bulk requests are made no smaller.
const minBulkBytes = 64 << 10

// bulkLimit is how large bulk requests are made. What is not answered may be too large:
// for the time that a request may take, or for something on the way that ends the
// connection; and so may be what the cluster has no room for now. So their size is halved then, and doubled again by each that is taken; but
// what was said to be too large is not tried again.
type bulkLimit struct {
	mutex sync.Mutex
	// bytes is the limit, at most ceiling.
	bytes, ceiling int
}

func newBulkLimit(ceiling int) *bulkLimit { return &bulkLimit{bytes: ceiling, ceiling: ceiling} }

func (l *bulkLimit) get() int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.bytes
}

// taken notes an answer.
func (l *bulkLimit) taken() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.bytes = min(2*l.bytes, l.ceiling)
}

// shrink notes a request without an answer, or for which there was no room.
func (l *bulkLimit) shrink() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.bytes = min(l.bytes, max(l.bytes/2, minBulkBytes))
}

// tooLarge notes that a request of several documents was too large.
func (l *bulkLimit) tooLarge(bytes int) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.ceiling = min(l.ceiling, max(bytes/2, minBulkBytes))
	l.bytes = min(l.bytes, l.ceiling)
}
