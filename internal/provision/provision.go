// Package provision makes what is kept in documents what a configuration says, once for each
// start: alerts, and saved views. What of them there is to be made, changed and removed is
// up to those who keep them.
package provision

import (
	"context"
	"time"

	"go.uber.org/zap"
)

// Outcome counts what was done.
type Outcome struct{ Made, Changed, Removed int }

// retryEvery is the time between two attempts.
const retryEvery = time.Second

// Work is to provision all of one kind that a place of the configuration has.
type Work struct {
	// Kind is what they are called, and the option that has them: "alerts".
	Kind string
	// IsGiven is false if the configuration says nothing of them; Wanted is how many it has.
	IsGiven bool
	Wanted  int
	// Apply makes those of the place what is wanted. When it fails, some may be; it is called
	// again then, with true.
	Apply func(ctx context.Context, isAgain bool) (Outcome, error)
	// Count returns how many of the place there are.
	Count  func(ctx context.Context) (int, error)
	Logger *zap.Logger
}

// Do does the work as soon as documents can be written, which may be in a cluster that is
// away while Docket starts, or until ctx ends.
func (w Work) Do(ctx context.Context) {
	for isAgain := false; ; isAgain = true {
		err := w.try(ctx, isAgain)
		if err == nil || ctx.Err() != nil {
			return
		}
		if !isAgain {
			w.Logger.Error("The "+w.Kind+" of the configuration cannot be provisioned yet; trying again", zap.Error(err))
		}
		select {
		case <-time.After(retryEvery):
		case <-ctx.Done():
			return
		}
	}
}

func (w Work) try(ctx context.Context, isAgain bool) error {
	if !w.IsGiven {
		return w.mention(ctx)
	}
	done, err := w.Apply(ctx, isAgain)
	if err == nil {
		w.Logger.Info("The "+w.Kind+" are those of the configuration", zap.Int(w.Kind, w.Wanted),
			zap.Int("made", done.Made), zap.Int("changed", done.Changed), zap.Int("removed", done.Removed))
	}
	return err
}

// mention tells an operator of what comes from a configuration without being in this one. It
// is not removed: this replica may be one of another kind.
func (w Work) mention(ctx context.Context) error {
	count, err := w.Count(ctx)
	if err == nil && count > 0 {
		w.Logger.Warn("There are "+w.Kind+" of another configuration, while this one has no `"+w.Kind+"`; they stay. "+
			"To remove them, write `"+w.Kind+": {}`", zap.Int(w.Kind, count))
	}
	return err
}
