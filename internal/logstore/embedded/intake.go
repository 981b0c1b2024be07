package embedded

import (
	"math"
	"sync"
	"time"
)

const (
	// intakeMemory is how far back intake looks.
	intakeMemory = 3 * time.Second
	// busyIntake is the number of records a second from which on queries make room for all
	// that brings them. Below it they make as much less as fewer come, so that a trickle
	// costs them nothing. It is low, as there are fewer where the processors are slow, or
	// queries have not made room.
	busyIntake = 200.0
)

// intake measures how fast records come in.
type intake struct {
	mu sync.Mutex
	// rate is in records a second, as it was at a time.
	rate float64
	at   time.Time
}

// add notes that so many records have come.
func (i *intake) add(records int, now time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	rate := i.decayed(now) + float64(records)/intakeMemory.Seconds()
	i.rate = min(rate, 1.5*busyIntake) // so that it is forgotten soon when nothing comes any more
	i.at = now
}

// busy returns how much queries have to make room, from 0 to 1.
func (i *intake) busy(now time.Time) float64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	return min(1, i.decayed(now)/busyIntake)
}

// decayed is the rate now, if nothing has come since. The caller holds mu.
func (i *intake) decayed(now time.Time) float64 {
	return i.rate * math.Exp(-now.Sub(i.at).Seconds()/intakeMemory.Seconds())
}
