package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// sequenceMark stands in a body where each request has a number of its own, in as
// many digits.
const sequenceMark = "################"

// Load is a closed loop: each connection sends its next request when the answer to
// the last has come. It writes prepared bytes and reads no more of an answer than
// its status and its length, because it shares the processors with what it
// measures.
type Load struct {
	// Address is the server's host:port.
	Address string
	// Path is the path of the POST requests.
	Path string
	// Headers are header lines, each with its line end.
	Headers string
	// Body may hold sequenceMark once. The numbers begin at 1 and go on from run to
	// run.
	Body string

	sequence atomic.Int64
}

// Result is what a run has measured.
type Result struct {
	// Answered counts the requests; each was answered 200.
	Answered int64
	// Took is the time from the first request to the last answer.
	Took time.Duration

	// latencies are in ascending order.
	latencies []time.Duration
}

// Rate is in answers a second.
func (r Result) Rate() float64 { return float64(r.Answered) / r.Took.Seconds() }

// Latency returns the time within which that share of the requests, 0 to 1, were
// answered, counted from when their writing began.
func (r Result) Latency(share float64) time.Duration {
	return r.latencies[int(share*float64(len(r.latencies)-1))]
}

// Run sends requests over that many connections until the duration has passed and
// every request that was begun has its answer. Any answer other than 200 ends it
// with an error.
func (l *Load) Run(ctx context.Context, connections int, duration time.Duration) (Result, error) {
	opened := make([]net.Conn, connections)
	for i := range opened {
		connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", l.Address)
		if err != nil {
			return Result{}, fmt.Errorf("connect to the server: %w", err)
		}
		defer func() { _ = connection.Close() }()
		opened[i] = connection
	}
	begin := time.Now()
	deadline := begin.Add(duration)
	latencies, problems := make([][]time.Duration, connections), make([]error, connections)
	var running sync.WaitGroup
	for i, connection := range opened {
		running.Go(func() { latencies[i], problems[i] = l.loop(connection, deadline) })
	}
	running.Wait()
	result := Result{Took: time.Since(begin), latencies: slices.Concat(latencies...)}
	result.Answered = int64(len(result.latencies))
	slices.Sort(result.latencies)
	return result, errors.Join(problems...)
}

// loop returns the latency of each request that was answered.
func (l *Load) loop(connection net.Conn, deadline time.Time) (latencies []time.Duration, err error) {
	request := l.request()
	mark := bytes.Index(request, []byte(sequenceMark))
	reader := bufio.NewReader(connection)
	for begin := time.Now(); begin.Before(deadline); {
		if mark >= 0 {
			putDigits(request[mark:mark+len(sequenceMark)], l.sequence.Add(1))
		}
		if _, err = connection.Write(request); err != nil {
			return latencies, fmt.Errorf("send a request: %w", err)
		}
		if err = readAnswer(reader); err != nil {
			return latencies, err
		}
		end := time.Now()
		latencies = append(latencies, end.Sub(begin))
		begin = end
	}
	return latencies, nil
}

func (l *Load) request() []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s",
		l.Path, l.Address, len(l.Body), l.Headers, l.Body)
}

// putDigits writes a number in decimals into all of the digits.
func putDigits(digits []byte, number int64) {
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = byte('0' + number%10)
		number /= 10
	}
}

// readAnswer reads one answer with status 200 and a Content-Length.
func readAnswer(reader *bufio.Reader) error {
	status, err := reader.ReadSlice('\n')
	if err != nil {
		return fmt.Errorf("read an answer: %w", err)
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200 ")) {
		return refusal(status, reader)
	}
	length := -1
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("read an answer's headers: %w", err)
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		const name = "Content-Length: "
		if bytes.HasPrefix(line, []byte(name)) {
			if length, err = strconv.Atoi(string(line[len(name):])); err != nil {
				return fmt.Errorf("read an answer's length: %w", err)
			}
		}
	}
	if length < 0 {
		return errors.New("an answer has no Content-Length")
	}
	if _, err = reader.Discard(length); err != nil {
		return fmt.Errorf("read an answer's body: %w", err)
	}
	return nil
}

// refusal describes an answer that is not a 200, with what has arrived of it.
func refusal(status []byte, reader *bufio.Reader) error {
	text := string(bytes.TrimSpace(status))
	rest, _ := reader.Peek(reader.Buffered())
	return fmt.Errorf("the server answered %s, wanted %d:\n%s", text, http.StatusOK, rest)
}
