package elastic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// maxDistinct is how many values of a field are asked for at once.
const maxDistinct = 10_000

// aggregate asks for aggregations of the documents of a condition, and returns how many
// of them there are. The answer is left as it is when there are no indices yet.
func (at *point) aggregate(ctx context.Context, documents condition, wanted aggregations, answer any) (count int64, err error) {
	body := map[string]any{"query": documents, "size": 0, "track_total_hits": true}
	if len(wanted) > 0 {
		body["aggs"] = wanted
	}
	found, err := at.search(ctx, body)
	if err != nil {
		return 0, err
	}
	if len(found.Aggregations) > 0 {
		if err := json.Unmarshal(found.Aggregations, answer); err != nil {
			return 0, fmt.Errorf("decode aggregations: %w", err)
		}
	}
	return found.Hits.Total.Value, nil
}

// pagesAnswer is the answer to a composite aggregation named pages.
type pagesAnswer struct {
	Pages struct {
		AfterKey json.RawMessage `json:"after_key"`
		Buckets  []cell          `json:"buckets"`
	} `json:"pages"`
}

// pager asks for the buckets of a composite aggregation.
type pager struct {
	at        *point
	documents condition
	sources   []aggregations
	// size is how many buckets are asked for at once, inner are the aggregations in each.
	size  int
	inner aggregations
	// after is the key after which to begin; nil at first.
	after any
	// requests counts those that are made. It is an errTooWide when they become more than
	// maxBreakdownRequests.
	requests *int
}

// visit visits the buckets in the order of their keys, until errEnough.
func (p pager) visit(ctx context.Context, visit func(*cell) error) error {
	composite := aggregations{"sources": p.sources, "size": p.size}
	if p.after != nil {
		composite["after"] = p.after
	}
	for {
		if *p.requests++; *p.requests > maxBreakdownRequests {
			return errTooWide
		}
		var answer pagesAnswer
		wanted := aggregations{"pages": nested(aggregations{"composite": composite}, p.inner)}
		if _, err := p.at.aggregate(ctx, p.documents, wanted, &answer); err != nil {
			return err
		}
		page := answer.Pages
		for i := range page.Buckets {
			switch err := visit(&page.Buckets[i]); {
			case errors.Is(err, errEnough):
				return nil
			case err != nil:
				return err
			}
		}
		if len(page.Buckets) < p.size || len(page.AfterKey) == 0 {
			return nil
		}
		composite["after"] = page.AfterKey
	}
}

// distinct visits the values of a keyword field that begin with a prefix, and in how
// many documents of a condition each is; it returns how many documents meet the
// condition. It asks once when there are at most maxDistinct values.
func (at *point) distinct(
	ctx context.Context, documents condition, field, prefix string, visit func(value string, count int64) error,
) (total int64, err error) {
	terms := aggregations{"field": field, "size": maxDistinct, "shard_size": maxDistinct}
	if prefix != "" {
		terms["include"] = prefixPattern(prefix)
	}
	if field == fieldTerms {
		if total, err = at.countUpTo(ctx, documents, maxMapped+1); err != nil {
			return 0, err
		}
		terms["execution_hint"] = executionHint(total)
	}
	var answer struct {
		Texts textsAnswer `json:"texts"`
	}
	total, err = at.aggregate(ctx, documents, aggregations{"texts": aggregations{"terms": terms}}, &answer)
	if err != nil {
		return 0, err
	}
	if !answer.Texts.isWhole() {
		return total, at.distinctPages(ctx, documents, field, prefix, visit)
	}
	for _, found := range answer.Texts.Buckets {
		value, err := textOf(found.Key)
		if err != nil {
			return 0, err
		}
		if !strings.HasPrefix(value, prefix) {
			continue
		}
		if err := visit(value, found.Count); err != nil {
			return 0, err
		}
	}
	return total, nil
}

// maxMapped is in how many documents the terms of each are looked at as texts. In more it
// is far slower (in 200,000 by 30 times) than by numbers for all texts of an index, which
// the cluster must make, however, whenever the index has changed.
const maxMapped = 10_000

// executionHint returns how a terms aggregation of fieldTerms is best done in so many
// documents.
func executionHint(documents int64) string {
	if documents <= maxMapped {
		return "map"
	}
	return "global_ordinals"
}

// countUpTo returns how many documents meet a condition, about limit if there are more.
func (at *point) countUpTo(ctx context.Context, documents condition, limit int) (int64, error) {
	found, err := at.search(ctx, map[string]any{"query": documents, "size": 0, "track_total_hits": limit})
	return found.Hits.Total.Value, err
}

// nameOfValue is the name of the source of distinctPages.
const nameOfValue = "value"

// distinctPages is distinct for any number of values.
func (at *point) distinctPages(
	ctx context.Context, documents condition, field, prefix string, visit func(value string, count int64) error,
) error {
	requests := 0
	p := pager{
		at: at, documents: documents, size: maxSourceCells, requests: &requests,
		sources: []aggregations{{nameOfValue: aggregations{"terms": aggregations{"field": field}}}},
	}
	if prefix != "" {
		p.after = map[string]string{nameOfValue: beforePrefix(prefix)}
	}
	return p.visit(ctx, func(found *cell) error {
		var key map[string]string
		if err := json.Unmarshal(found.Key, &key); err != nil {
			return fmt.Errorf("decode the key of a bucket: %w", err)
		}
		switch value := key[nameOfValue]; {
		case strings.HasPrefix(value, prefix):
			return visit(value, found.Count)
		case value > prefix:
			return errEnough
		default:
			return nil
		}
	})
}

// beforePrefix returns a text before all that begin with a prefix that ends with an
// ASCII character, and after most others that come before those.
func beforePrefix(prefix string) string {
	last := len(prefix) - 1
	return prefix[:last] + string(prefix[last]-1) + string(unicode.MaxRune)
}

// maxPatternLength is below index.max_regex_length, 1000.
const maxPatternLength = 900

// prefixPattern returns a regular expression of Lucene for the texts that begin with a
// prefix, or, when it is very long, with the beginning of it.
func prefixPattern(prefix string) string {
	const special = ".?+*|{}[]()\"\\#@&<>~^$-"
	var pattern strings.Builder
	length := 0
	for _, r := range prefix {
		if length += 2; length > maxPatternLength {
			break
		}
		if strings.ContainsRune(special, r) {
			pattern.WriteByte('\\')
		}
		pattern.WriteRune(r)
	}
	return pattern.String() + ".*"
}
