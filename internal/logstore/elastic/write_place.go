package elastic

import (
	"context"
	"errors"
	"fmt"
)

// placer finds the indices for the documents of a batch.
type placer struct {
	backend *Backend
	// listed are the indices that there were when they were first asked for, else nil.
	listed map[string]period
	// refused are those that the cluster does not make.
	refused map[string]*refusedIndexError
}

// place returns the name of the index for a document, which is there. The error is a
// refusal if the cluster does not make the index: the document's neighbours must not wait
// until somebody has changed that. For those of about today, whose index it would be that
// all new records need, everything waits.
func (p *placer) place(ctx context.Context, d document) (string, error) {
	chosen, err := p.choose(ctx, d)
	if err != nil {
		return "", err
	}
	name := p.backend.indexName(chosen)
	known, isRefused := p.refused[name]
	if !isRefused {
		err = p.backend.ensureIndex(ctx, chosen)
		if known, isRefused = errors.AsType[*refusedIndexError](err); !isRefused {
			return name, err
		}
		if p.refused == nil {
			p.refused = map[string]*refusedIndexError{}
		}
		p.refused[name] = known
	}
	today := dayOfTime(p.backend.now())
	if !d.isAhead && d.day >= today-1 && d.day <= today+1 {
		return "", known
	}
	return "", refusal(fmt.Sprintf("%v; see how many shards the cluster may have, and replay it", known))
}

// choose returns the period of the index for a document: see setup_period.go.
func (p *placer) choose(ctx context.Context, d document) (period, error) {
	daily, shared := dayPeriod(d.day), sharedPeriod(d.day)
	if d.isAhead {
		return shared, nil
	}
	name := p.backend.indexName(daily)
	if p.backend.isDaily(d.day) || p.backend.isKnown(name) {
		return daily, nil
	}
	if p.listed == nil {
		var err error
		if p.listed, err = p.backend.listIndices(ctx); err != nil {
			return period{}, err
		}
	}
	if _, isThere := p.listed[name]; isThere {
		return daily, nil
	}
	return shared, nil
}
