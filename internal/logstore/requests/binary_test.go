package requests_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/requests"
)

// newRequest has count receipts, received at the given time.
func newRequest(project int64, key string, b byte, count int, receivedAt time.Time) logstore.Request {
	request := logstore.Request{ProjectID: project, Key: key, Digest: digest(b)}
	for position := range count {
		request.Receipts = append(request.Receipts, logstore.Receipt{
			Position: position, ID: uuid.Must(uuid.NewV7()).String(), Hash: strings.Repeat("0a", 32), ReceivedAt: receivedAt,
		})
	}
	return request
}

func samples() map[string][]logstore.Request {
	odd := newRequest(math.MaxInt64, strings.Repeat("k", requests.MaxKeyBytes), 255, 4, time.Unix(0, math.MaxInt64).UTC())
	odd.Receipts[0].ID = strings.ToUpper(odd.Receipts[0].ID)
	odd.Receipts[1].ID = "urn:uuid:" + odd.Receipts[1].ID
	odd.Receipts[1].Hash = strings.Repeat("0A", 32)
	odd.Receipts[2].Position = requests.MaxPosition
	odd.Receipts[2].ReceivedAt = time.Unix(0, 0).UTC()
	odd.Receipts[3].ID, odd.Receipts[3].Hash = "i", "h"
	gaps := newRequest(1, "gaps", 1, 3, receiveTime())
	gaps.Receipts[0].Position, gaps.Receipts[1].Position = 5, 700
	return map[string][]logstore.Request{
		"none":    nil,
		"single":  {newRequest(1, "k", 1, 1, receiveTime())},
		"several": {newRequest(1, "k", 1, 2, receiveTime()), newRequest(2, "k", 1, 1, receiveTime()), newRequest(1, "l", 2, 0, receiveTime())},
		"gaps":    {gaps},
		"odd":     {odd},
	}
}

func TestBinaryRoundTrip(t *testing.T) {
	for name, want := range samples() {
		t.Run(name, func(t *testing.T) {
			data := requests.AppendBinary([]byte("before"), want)
			require.True(t, bytes.HasPrefix(data, []byte("before")))
			got, err := requests.ParseBinary(data[len("before"):])
			require.NoError(t, err)
			for i := range want {
				if want[i].Receipts == nil {
					want[i].Receipts = []logstore.Receipt{}
				}
			}
			assert.Equal(t, want, got)
		})
	}
}

func TestBinaryIsCompact(t *testing.T) {
	single := requests.AppendBinary(nil, samples()["single"])
	assert.Len(t, single, 1+1+2+32+1+1+1+9+16+32)
	bulk := requests.AppendBinary(nil, []logstore.Request{newRequest(1, "k", 1, 1001, receiveTime())})
	assert.InDelta(t, 51, float64(len(bulk)-len(single))/1000, 0.01, "bytes for another receipt")
}

// TestEveryCutIsRefused: a length that is taken from damaged bytes is not trusted.
func TestEveryCutIsRefused(t *testing.T) {
	for name, sample := range samples() {
		data := requests.AppendBinary(nil, sample)
		boundaries := 0
		for length := 1; length < len(data); length++ {
			if _, err := requests.ParseBinary(data[:length]); err == nil {
				boundaries++
			}
		}
		// Only where a request ends, which is also behind the format's byte.
		assert.Equal(t, len(sample), boundaries, name)
	}
}

func TestParseBinaryRefuses(t *testing.T) {
	valid := requests.AppendBinary(nil, samples()["single"])
	changed := func(at int, b byte) []byte {
		data := bytes.Clone(valid)
		data[at] = b
		return data
	}
	const count = 1 + 1 + 2 + 32 // where the number of receipts is
	for name, test := range map[string]struct {
		data []byte
		text string
	}{
		"another format":     {changed(0, 2), "they have format 2, and this version of Docket knows 1"},
		"no project":         {changed(1, 0), "a project is 0"},
		"negative project":   {changed(1, 1), "a project is -1"},
		"empty key":          {changed(2, 0), "a text has 0 bytes"},
		"key beyond the end": {changed(2, 127), "end too early"},
		"endless key":        {append(bytes.Clone(valid[:2]), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01), "a text has 18446744073709551615 bytes"},
		"too many receipts":  {changed(count, 100), "end too early"},
		"too few receipts":   {changed(count, 0), "damaged"},
		"unknown form":       {changed(count+1, 4), "form 4"},
		"negative position":  {changed(count+2, 1), "position -1"},
		"endless varint":     {append([]byte{1}, bytes.Repeat([]byte{0xff}, 20)...), "end too early"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := requests.ParseBinary(test.data)
			require.ErrorContains(t, err, test.text)
			assert.Nil(t, got)
		})
	}
}

func TestRandomRequestsRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var want []logstore.Request
		for range 1 + random.IntN(4) {
			request := newRequest(1+random.Int64N(math.MaxInt64), "key", byte(random.IntN(256)), 1+random.IntN(5), receiveTime())
			for i := range request.Receipts {
				request.Receipts[i].Position = random.IntN(requests.MaxPosition)
				request.Receipts[i].ReceivedAt = time.Unix(0, random.Int64()).UTC()
			}
			want = append(want, request)
		}
		got, err := requests.ParseBinary(requests.AppendBinary(nil, want))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// FuzzParseBinary: whatever is accepted is within the bounds, and the same after
// another round.
func FuzzParseBinary(f *testing.F) {
	for _, sample := range samples() {
		f.Add(requests.AppendBinary(nil, sample))
	}
	f.Add([]byte{1, 2, 1, 'k'})
	f.Fuzz(func(t *testing.T, data []byte) {
		parsed, err := requests.ParseBinary(data)
		if err != nil {
			require.Nil(t, parsed)
			return
		}
		for _, request := range parsed {
			require.Positive(t, request.ProjectID)
			require.NotEmpty(t, request.Key)
			require.LessOrEqual(t, len(request.Key), requests.MaxKeyBytes)
			for _, receipt := range request.Receipts {
				require.GreaterOrEqual(t, receipt.Position, 0)
				require.LessOrEqual(t, receipt.Position, requests.MaxPosition)
				require.NotEmpty(t, receipt.ID)
				require.NotEmpty(t, receipt.Hash)
				require.LessOrEqual(t, len(receipt.ID), requests.MaxTextBytes)
			}
		}
		again, err := requests.ParseBinary(requests.AppendBinary(nil, parsed))
		require.NoError(t, err)
		require.Equal(t, parsed, again)
	})
}
