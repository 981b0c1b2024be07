package requests

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

const (
	// MaxKeyBytes is the length of the longest key.
	MaxKeyBytes = 255
	// MaxTextBytes is the length of the longest id and the longest hash.
	MaxTextBytes = 255
	// MaxPosition is the largest position.
	MaxPosition = math.MaxInt32
)

// Of returns the requests by which records came, each with its receipts sorted by
// position. The records must be sealed and have a project. Those without a key,
// and those whose attributes of the request are not as the receiver writes them,
// belong to none. Should records of one project and key differ in their digest,
// that of the first counts and the others belong to none; of records in the same
// position, the first counts.
func Of(logs plog.Logs) []logstore.Request {
	var found grouped
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			records := scope.LogRecords()
			for i := range records.Len() {
				log := records.At(i)
				// This line is all that most records cost.
				key, ok := log.Attributes().Get(record.AttributeIdempotencyKey)
				if !ok {
					continue
				}
				found.add(record.Record{Resource: resource.Resource(), Scope: scope.Scope(), Log: log}, key)
			}
		}
	}
	for i := range found.requests {
		receipts := found.requests[i].Receipts
		slices.SortStableFunc(receipts, byPosition)
		found.requests[i].Receipts = slices.CompactFunc(receipts, isSamePosition)
	}
	return found.requests
}

func byPosition(a, b logstore.Receipt) int { return cmp.Compare(a.Position, b.Position) }

func isSamePosition(a, b logstore.Receipt) bool { return a.Position == b.Position }

// grouped are requests and where they are by project and key.
type grouped struct {
	requests []logstore.Request
	places   map[place]int
}

type place struct {
	project int64
	key     string
}

// add adds a record's receipt to its request, if both are valid.
func (g *grouped) add(r record.Record, key pcommon.Value) {
	project := r.ProjectID()
	receipt, valid := receiptOf(r)
	digest, hasDigest := digestOf(r.Log.Attributes())
	if !valid || !hasDigest || project <= 0 || key.Type() != pcommon.ValueTypeStr || !isText(key.Str(), MaxKeyBytes) {
		return
	}
	at := place{project: project, key: key.Str()}
	i, known := g.places[at]
	if !known {
		if g.places == nil {
			g.places = map[place]int{}
		}
		i = len(g.requests)
		g.places[at] = i
		g.requests = append(g.requests, logstore.Request{ProjectID: project, Key: at.key, Digest: digest})
	}
	if request := &g.requests[i]; request.Digest == digest {
		request.Receipts = append(request.Receipts, receipt)
	}
}

func receiptOf(r record.Record) (logstore.Receipt, bool) {
	position, ok := r.Log.Attributes().Get(record.AttributeRequestPosition)
	if !ok || position.Type() != pcommon.ValueTypeInt || position.Int() < 0 || position.Int() > MaxPosition {
		return logstore.Receipt{}, false
	}
	receivedAt := r.Log.ObservedTimestamp()
	receipt := logstore.Receipt{
		Position: int(position.Int()), ID: r.ID(), Hash: r.Hash(), ReceivedAt: receivedAt.AsTime(),
	}
	valid := isText(receipt.ID, MaxTextBytes) && isText(receipt.Hash, MaxTextBytes) && receivedAt <= math.MaxInt64
	return receipt, valid
}

func digestOf(attributes pcommon.Map) (digest [sha256.Size]byte, ok bool) {
	value, ok := attributes.Get(record.AttributeRequestDigest)
	if !ok || value.Type() != pcommon.ValueTypeStr || len(value.Str()) != 2*sha256.Size {
		return digest, false
	}
	_, err := hex.Decode(digest[:], []byte(value.Str()))
	return digest, err == nil
}

func isText(text string, longest int) bool { return text != "" && len(text) <= longest }
