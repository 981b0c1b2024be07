package retention

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// MinAge is the smallest age that a policy can give: deletion is by days.
const MinAge = 24 * time.Hour

// Policy says what is kept. The zero value keeps everything.
type Policy struct {
	// DefaultAge is how long records are kept, by their timestamps; 0 is for ever.
	DefaultAge time.Duration
	// Ages are the ages of some projects, by project id, instead of DefaultAge; 0 is
	// for ever.
	Ages map[int64]time.Duration
	// MaxBytes is how much the records of all projects may take on the disk; 0 is
	// as much as there is. Beyond it the oldest days are deleted, whatever the ages
	// say, but never the newest day nor today.
	MaxBytes int64
}

// Validate returns an error that says what is wrong and what to write.
func (p Policy) Validate() error {
	errs := []error{validateAge("the default age", p.DefaultAge)}
	for _, project := range slices.Sorted(maps.Keys(p.Ages)) {
		if project < 1 {
			errs = append(errs, fmt.Errorf("there is no project %d: project ids are positive", project))
		}
		errs = append(errs, validateAge(fmt.Sprintf("the age of project %d", project), p.Ages[project]))
	}
	if p.MaxBytes < 0 {
		errs = append(errs, fmt.Errorf("the largest size must be positive, or 0 for no limit; not %d", p.MaxBytes))
	}
	return errors.Join(errs...)
}

func validateAge(name string, age time.Duration) error {
	if age != 0 && age < MinAge {
		return fmt.Errorf("%s must be at least %s, or 0 to keep records for ever; not %s", name, MinAge, age)
	}
	return nil
}

// age returns how long the records of a project are kept, 0 for ever.
func (p Policy) age(project int64) time.Duration {
	if age, ok := p.Ages[project]; ok {
		return age
	}
	return p.DefaultAge
}

// minAge returns the smallest age of any project, 0 if all are kept for ever.
func (p Policy) minAge() time.Duration {
	smallest := p.DefaultAge
	for _, age := range p.Ages {
		if age > 0 && (smallest == 0 || age < smallest) {
			smallest = age
		}
	}
	return smallest
}

func (p Policy) keepsEverything() bool { return p.minAge() == 0 && p.MaxBytes == 0 }
