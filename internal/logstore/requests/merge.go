package requests

import (
	"slices"

	"github.com/docketlog/docket/internal/logstore"
)

// Merge returns a known request with the receipts of an equal one, sorted by
// position. Where both have one, the known one stays. A request with another digest
// adds nothing. The receipts of both must be sorted; they are left as they are.
func Merge(known, request logstore.Request) logstore.Request {
	if known.Digest != request.Digest {
		return known
	}
	// The order is kept among equals, so that the known one is the first of them.
	receipts := slices.Concat(known.Receipts, request.Receipts)
	slices.SortStableFunc(receipts, byPosition)
	known.Receipts = slices.CompactFunc(receipts, isSamePosition)
	return known
}
