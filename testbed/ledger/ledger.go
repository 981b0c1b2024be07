package ledger

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Ledger is the account of every record that was sent.
type Ledger struct {
	// Filler is a text that stands in every record, to make them larger. Set it before
	// the first load.
	Filler string
	// FailingDisk says that writes may fail. Then an answer of 500, or of 503 without
	// Retry-After, leaves open whether the record is stored, as no answer does. Set it
	// before the first load.
	FailingDisk bool
	// Pause is how long each connection waits after an answer. Set it before the first
	// load.
	Pause time.Duration

	seed uint64
	// begin is not after the timestamp of any record.
	begin time.Time

	mutex sync.Mutex
	// entries are the records by their numbers.
	entries []entry
	// loads is the number of the newest load.
	loads int
	// acknowledged and refused count entries of those states.
	acknowledged, refused int
	// surprises are answers that nothing justifies, with what was asked.
	surprises []string
	// failures are the first errors of requests without an answer, at most
	// maxProblems.
	failures []string
}

// entry is what is known of one record.
type entry struct {
	state state
	// load is the number of the load that sent it, from 1, or 0 for Settle.
	load int32
	receipt
}

// receipt is what the answer to an accepted record says of it, as far as its
// format says it; "" is what it does not say.
type receipt struct{ id, hash string }

type state uint8

const (
	// unanswered is a record that may be stored or not.
	unanswered state = iota
	// acknowledged is a record that must be stored.
	acknowledged
	// refused is a record of which the answer said that it was not stored.
	refused
	// unsent is a record for which there was no connection.
	unsent
)

// New returns an empty ledger. The seed decides which requests are made.
func New(seed uint64) *Ledger { return &Ledger{seed: seed, begin: time.Now()} }

// Acknowledged returns how many records were acknowledged.
func (l *Ledger) Acknowledged() int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.acknowledged
}

// Refused returns how many records were refused.
func (l *Ledger) Refused() int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.refused
}

// open gives numbers to count records that are about to be sent.
func (l *Ledger) open(load, count int) (first int) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	first = len(l.entries)
	for range count {
		l.entries = append(l.entries, entry{load: int32(load)}) //nolint:gosec // there are no billions of loads
	}
	return first
}

// acknowledge notes the receipts of the records from number first on.
func (l *Ledger) acknowledge(first int, receipts []receipt) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.acknowledged += len(receipts)
	for i, receipt := range receipts {
		entry := &l.entries[first+i]
		entry.state, entry.receipt = acknowledged, receipt
	}
}

// set notes the state of count records from number first on.
func (l *Ledger) set(state state, first, count int) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for number := first; number < first+count; number++ {
		l.entries[number].state = state
	}
	if state == refused {
		l.refused += count
	}
}

// surprise notes an answer that nothing justifies.
func (l *Ledger) surprise(format string, values ...any) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.surprises = append(l.surprises, fmt.Sprintf(format, values...))
}

// unanswered notes why a request got no answer.
func (l *Ledger) unanswered(format string, values ...any) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if len(l.failures) < maxProblems {
		l.failures = append(l.failures, fmt.Sprintf(format, values...))
	}
}

// messagePrefix begins the message of every record.
const messagePrefix = "entry of the ledger "

func message(number int) string { return messagePrefix + strconv.Itoa(number) }

// numberOf is the inverse of message.
func numberOf(message string) (number int, ok bool) {
	digits, ok := strings.CutPrefix(message, messagePrefix)
	if !ok {
		return 0, false
	}
	number, err := strconv.Atoi(digits)
	return number, err == nil && number >= 0
}
