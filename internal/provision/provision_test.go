package provision_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/docketlog/docket/internal/provision"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// work returns work of which the first attempts fail, and what it logs.
func work(failures int) (w provision.Work, attempts *[]bool, messages func() []string) {
	core, logged := observer.New(zap.InfoLevel)
	attempts = new([]bool)
	w = provision.Work{Kind: "alerts", IsGiven: true, Wanted: 2, Logger: zap.New(core)}
	w.Apply = func(_ context.Context, isAgain bool) (provision.Outcome, error) {
		*attempts = append(*attempts, isAgain)
		if len(*attempts) <= failures {
			return provision.Outcome{}, errors.New("the cluster is away")
		}
		return provision.Outcome{Made: 2}, nil
	}
	w.Count = func(context.Context) (int, error) { return 3, nil }
	return w, attempts, func() (all []string) {
		for _, entry := range logged.All() {
			all = append(all, entry.Message)
		}
		return all
	}
}

func TestTriesAgain(t *testing.T) {
	w, attempts, messages := work(2)
	w.Do(t.Context())
	assert.Equal(t, []bool{false, true, true}, *attempts)
	assert.Equal(t, []string{
		"The alerts of the configuration cannot be provisioned yet; trying again", "The alerts are those of the configuration",
	}, messages())
}

func TestMentionsWhatIsNotRemoved(t *testing.T) {
	w, attempts, messages := work(0)
	w.IsGiven = false
	w.Do(t.Context())
	assert.Empty(t, *attempts)
	assert.Equal(t, []string{
		"There are alerts of another configuration, while this one has no `alerts`; they stay. To remove them, write `alerts: {}`",
	}, messages())
}

func TestStops(t *testing.T) {
	w, attempts, _ := work(1000)
	ctx, stop := context.WithCancel(t.Context())
	apply := w.Apply
	w.Apply = func(ctx context.Context, isAgain bool) (provision.Outcome, error) {
		stop()
		return apply(ctx, isAgain)
	}
	w.Do(ctx)
	assert.Len(t, *attempts, 1)
}
