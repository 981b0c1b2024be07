package requests_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/requests"
)

func TestMerge(t *testing.T) {
	all := newRequest(7, "a", 1, 4, receiveTime())
	take := func(positions ...int) logstore.Request {
		request := all
		request.Receipts = nil
		for _, position := range positions {
			request.Receipts = append(request.Receipts, all.Receipts[position])
		}
		return request
	}
	assert.Equal(t, take(0, 1, 2, 3), requests.Merge(take(1, 2), take(0, 3)))
	assert.Equal(t, take(0, 1), requests.Merge(take(0, 1), take(1)))
	assert.Equal(t, take(0), requests.Merge(take(), take(0)))

	others := newRequest(7, "a", 1, 4, receiveTime()) // the same positions with other ids
	merged := requests.Merge(take(0, 2), others)
	assert.Equal(t, []logstore.Receipt{all.Receipts[0], others.Receipts[1], all.Receipts[2], others.Receipts[3]}, merged.Receipts)

	others.Digest = digest(2)
	assert.Equal(t, take(0), requests.Merge(take(0), others))
}

// TestMergeLeavesItsArguments: the store keeps them.
func TestMergeLeavesItsArguments(t *testing.T) {
	known, request := newRequest(7, "a", 1, 3, receiveTime()), newRequest(7, "a", 1, 4, receiveTime())
	known.Receipts = known.Receipts[1:2:3] // with room for more
	before := slices.Clone(known.Receipts[:2])
	requests.Merge(known, request)
	assert.Equal(t, before, known.Receipts[:2])
}
