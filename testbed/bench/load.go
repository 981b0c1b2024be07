package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// sequenceMark stands in a body where each record has a number of its own, in as many
	// digits.
	sequenceMark = "################"
	// millisecondMark stands in a body where it says when it is sent, in as many digits of
	// milliseconds since 1970.
	millisecondMark = "%%%%%%%%%%%%%"
	// nanosecondMark is the same for OTLP's protobuf: nanoseconds since 1970 in eight
	// bytes, the lowest first.
	nanosecondMark = 0x61728394a5b6c7d0

	// After a refusal a request waits for refusedPause. For refusedAtMost after the end of a
	// run it is still sent again.
	refusedPause, refusedAtMost = 100 * time.Millisecond, time.Minute
)

// errRefused says that a server asks for a request to be sent again later.
var errRefused = errors.New("the server cannot take the request now")

// Load is a closed loop: each connection sends its next request when the answer to
// the last has come. It writes prepared bytes and reads no more of an answer than it
// must, because it shares the processors with what it measures.
type Load struct {
	// Address is the server's host:port.
	Address string
	// Path is the path of the POST requests, with its query.
	Path string
	// Headers are header lines, each with its line end.
	Headers string
	// ContentType is that of the bodies; "" means JSON.
	ContentType string
	// Bodies are sent in turn. Each may have marks. The numbers begin at 1 and go on from
	// run to run.
	Bodies []string
	// Records is how many each body has; 0 means one.
	Records int
	// Wanted is a text that each answer must contain.
	Wanted string
	// AtMost is how many requests a run sends, even if there is time for more; 0 means any
	// number.
	AtMost int64

	sequence atomic.Int64
}

func (l *Load) records() int64 { return int64(max(l.Records, 1)) }

// Result is what a run has measured.
type Result struct {
	// Answered counts the requests; each was answered with success. Records counts what
	// they brought, and Refused how often one had to be sent again because the server asked
	// for that.
	Answered, Records, Refused int64
	// Took is the time from the first request to the last answer.
	Took time.Duration

	// latencies are in ascending order.
	latencies []time.Duration
}

// Rate is in records a second.
func (r Result) Rate() float64 { return float64(r.Records) / r.Took.Seconds() }

// Latency returns the time within which that share of the requests, 0 to 1, were
// answered, counted from when their writing began.
func (r Result) Latency(share float64) time.Duration {
	return r.latencies[int(share*float64(len(r.latencies)-1))]
}

// Run sends requests over that many connections until the duration has passed and
// every request that was begun has its answer. A request that is refused for now is sent
// again. Any other answer than success ends the run with an error.
func (l *Load) Run(ctx context.Context, connections int, duration time.Duration) (Result, error) {
	opened, prepared := make([]net.Conn, connections), make([][]*markedRequest, connections)
	for i := range opened {
		connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", l.Address)
		if err != nil {
			return Result{}, fmt.Errorf("connect to the server: %w", err)
		}
		defer func() { _ = connection.Close() }()
		opened[i] = connection
		for _, body := range l.Bodies {
			prepared[i] = append(prepared[i], l.request(body))
		}
	}
	begin := time.Now()
	deadline := begin.Add(duration)
	latencies, problems := make([][]time.Duration, connections), make([]error, connections)
	var running sync.WaitGroup
	var sent, refused atomic.Int64
	for i, connection := range opened {
		running.Go(func() { latencies[i], problems[i] = l.loop(connection, prepared[i], deadline, &sent, &refused) })
	}
	running.Wait()
	result := Result{Took: time.Since(begin), Refused: refused.Load(), latencies: slices.Concat(latencies...)}
	result.Answered = int64(len(result.latencies))
	result.Records = result.Answered * l.records()
	slices.Sort(result.latencies)
	return result, errors.Join(problems...)
}

// loop returns the latency of each request that was answered. It sends one even after the
// deadline, so that there is something to measure.
func (l *Load) loop(connection net.Conn, requests []*markedRequest, deadline time.Time, sent, refused *atomic.Int64) (latencies []time.Duration, err error) {
	reader := bufio.NewReader(connection)
	for begin := time.Now(); len(latencies) == 0 || begin.Before(deadline); {
		number := sent.Add(1)
		if l.AtMost > 0 && number > l.AtMost {
			break
		}
		request := requests[number%int64(len(requests))]
		request.fill(l.sequence.Add(l.records())-l.records()+1, begin)
		for {
			if _, err = connection.Write(request.bytes); err != nil {
				return latencies, fmt.Errorf("send a request: %w", err)
			}
			if err = readAnswer(reader, l.Wanted); !errors.Is(err, errRefused) || time.Since(deadline) > refusedAtMost {
				break
			}
			refused.Add(1)
			time.Sleep(refusedPause)
		}
		if err != nil {
			return latencies, err
		}
		end := time.Now()
		latencies = append(latencies, end.Sub(begin))
		begin = end
	}
	return latencies, nil
}

// markedRequest is a request with the places of its marks.
type markedRequest struct {
	bytes []byte

	sequences, seconds, nanoseconds []int
}

func (l *Load) request(body string) *markedRequest {
	kind := l.ContentType
	if kind == "" {
		kind = "application/json"
	}
	request := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n%s",
		l.Path, l.Address, kind, len(body), l.Headers, body)
	return &markedRequest{
		bytes:       request,
		sequences:   placesOf(request, []byte(sequenceMark)),
		seconds:     placesOf(request, []byte(millisecondMark)),
		nanoseconds: placesOf(request, binary.LittleEndian.AppendUint64(nil, nanosecondMark)),
	}
}

func placesOf(text, mark []byte) (places []int) {
	for from := 0; ; {
		at := bytes.Index(text[from:], mark)
		if at < 0 {
			return places
		}
		places = append(places, from+at)
		from += at + len(mark)
	}
}

// fill puts numbers, from the first on, and times in the places of the marks.
func (r *markedRequest) fill(first int64, now time.Time) {
	for i, at := range r.sequences {
		putDigits(r.bytes[at:at+len(sequenceMark)], first+int64(i))
	}
	for _, at := range r.seconds {
		putDigits(r.bytes[at:at+len(millisecondMark)], now.UnixMilli())
	}
	for i, at := range r.nanoseconds {
		binary.LittleEndian.PutUint64(r.bytes[at:], uint64(now.UnixNano()+int64(i))) //nolint:gosec // it is after 1970
	}
}

// putDigits writes a number in decimals into all of the digits.
func putDigits(digits []byte, number int64) {
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = byte('0' + number%10)
		number /= 10
	}
}

// readAnswer reads one answer with success, and looks for a text in it unless that is "".
func readAnswer(reader *bufio.Reader, wanted string) error {
	status, err := reader.ReadSlice('\n')
	if err != nil {
		return fmt.Errorf("read an answer: %w", err)
	}
	isRefused := bytes.HasPrefix(status, []byte("HTTP/1.1 429 ")) || bytes.HasPrefix(status, []byte("HTTP/1.1 503 "))
	if !isRefused && !bytes.HasPrefix(status, []byte("HTTP/1.1 2")) {
		return failure(status, reader)
	}
	length, isChunked, err := readHeaders(reader)
	if err != nil {
		return err
	}
	text, err := readBody(reader, length, isChunked, isRefused || wanted != "")
	if err != nil {
		return fmt.Errorf("read an answer's body: %w", err)
	}
	if isRefused {
		return fmt.Errorf("%w: %.500s", errRefused, text)
	}
	if !bytes.Contains(text, []byte(wanted)) {
		return fmt.Errorf("an answer does not contain %q: %.500s", wanted, text)
	}
	return nil
}

// readBody returns the body only if it is needed, or if it comes in chunks.
func readBody(reader *bufio.Reader, length int, isChunked, isNeeded bool) (body []byte, err error) {
	switch {
	case isChunked:
		if body, err = io.ReadAll(httputil.NewChunkedReader(reader)); err == nil {
			_, err = reader.Discard(len("\r\n")) // the line end after the last chunk
		}
	case isNeeded:
		body, err = io.ReadAll(io.LimitReader(reader, int64(length)))
	default:
		_, err = reader.Discard(length)
	}
	return body, err
}

// readHeaders returns the length of the body, unless that comes in chunks.
func readHeaders(reader *bufio.Reader) (length int, isChunked bool, err error) {
	length = -1
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return 0, false, fmt.Errorf("read an answer's headers: %w", err)
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, false, fmt.Errorf("read an answer's length: %w", err)
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			isChunked = bytes.EqualFold(value, []byte("chunked"))
		}
	}
	if length < 0 && !isChunked {
		return 0, false, errors.New("an answer has no Content-Length")
	}
	return length, isChunked, nil
}

// failure describes an answer that is not success, with what has arrived of it.
func failure(status []byte, reader *bufio.Reader) error {
	text := string(bytes.TrimSpace(status))
	rest, _ := reader.Peek(reader.Buffered())
	return fmt.Errorf("the server answered %s, wanted success:\n%s", text, rest)
}
