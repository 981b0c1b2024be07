package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"sync"
	"time"

	"go.uber.org/zap"
)

// Default addresses of services.
const (
	DefaultSlackURL     = "https://slack.com/api/chat.postMessage"
	DefaultPagerDutyURL = "https://events.pagerduty.com/v2/enqueue"
)

const (
	// attemptTimeout is how long a destination may take to answer.
	attemptTimeout = 15 * time.Second
	// takenFor is how long an attempt has a delivery to itself.
	takenFor = 2 * attemptTimeout
	// firstRetry and longestRetry are the first and the longest time between attempts,
	// which doubles with each.
	firstRetry   = 5 * time.Second
	longestRetry = 15 * time.Minute
	// giveUpAfter is how long a delivery is tried.
	giveUpAfter = 24 * time.Hour
	// lookEvery is how often a sender looks for deliveries of which it was not told: those
	// that another replica has added or left.
	lookEvery = 5 * time.Second
	// maxAtOnce is how many deliveries are tried at once.
	maxAtOnce = 16
	// maxAnswerBytes is how much of an answer is read.
	maxAnswerBytes = 16 << 10
)

// Settings of a Sender.
type Settings struct {
	Deliveries Deliveries
	// AllowPrivate allows destinations that are no public addresses.
	AllowPrivate bool
	// SlackTokens are bot tokens by the number of their workspace.
	SlackTokens map[int64]string
	// SlackURL and PagerDutyURL are those of the services.
	SlackURL, PagerDutyURL string
	// Mail says how to send e-mail; nil sends none.
	Mail *Mail
	Now  func() time.Time
	// Logger never gets an address with what may be a secret in it.
	Logger *zap.Logger
}

// Sender makes deliveries.
type Sender struct {
	Settings

	client *http.Client

	mu sync.Mutex
	// lookAt is when to look for deliveries again unless one is added.
	lookAt time.Time
}

// NewSender returns a sender. Close lets go of its connections.
func NewSender(settings Settings) *Sender {
	isAllowed := func(address netip.AddrPort) bool { return settings.AllowPrivate || IsPublic(address.Addr()) }
	return &Sender{Settings: settings, client: newClient(newDialer(isAllowed))}
}

// Close closes idle connections.
func (s *Sender) Close() { s.client.CloseIdleConnections() }

// SendDue tries all deliveries that are due, each once. It may be called as often as one
// likes: it looks for them when one was added, when one is due, and every few seconds.
func (s *Sender) SendDue(ctx context.Context) error {
	if !s.isTimeToLook() {
		return nil
	}
	due, wait, err := s.Deliveries.Due(ctx, lookEvery)
	if err == nil {
		s.lookIn(wait)
		err = s.sendAll(ctx, due)
	}
	if err != nil {
		s.lookIn(0)
	}
	return err
}

func (s *Sender) isTimeToLook() bool {
	if s.Deliveries.Waiting == nil || s.Deliveries.Waiting.Swap(false) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.Now().Before(s.lookAt)
}

func (s *Sender) lookIn(wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lookAt = s.Now().Add(wait)
}

func (s *Sender) sendAll(ctx context.Context, due []Delivery) error {
	var running sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	free := make(chan struct{}, maxAtOnce)
	for i := range due {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			running.Wait()
			return ctx.Err()
		}
		running.Go(func() {
			defer func() { <-free }()
			if err := s.try(ctx, &due[i]); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	}
	running.Wait()
	return errors.Join(errs...)
}

// try makes one attempt at a delivery. The error is about documents: what its receiver
// says is noted in the delivery.
func (s *Sender) try(ctx context.Context, d *Delivery) error {
	if isDone, err := s.Deliveries.IsDone(ctx, d); err != nil || isDone {
		return err
	}
	now := s.Now()
	taken, err := s.Deliveries.Take(ctx, d, now.Add(takenFor))
	if err != nil || !taken {
		return err
	}
	destination, ok, err := s.destinationOf(ctx, d)
	if err != nil {
		return err
	}
	if !ok {
		return s.Deliveries.Finish(ctx, d, Dropped)
	}
	attempt, retryAfter, failed := s.attempt(ctx, d.ID, destination, d.Message)
	if ctx.Err() != nil && failed != nil {
		// It is not the receiver's fault, and is tried again after the restart.
		return errors.Join(ctx.Err(), s.Deliveries.Retry(context.WithoutCancel(ctx), d, now))
	}
	d.note(attempt)
	// What was sent is written down, whoever has stopped waiting.
	ctx = context.WithoutCancel(ctx)
	switch {
	case failed == nil:
		return s.Deliveries.Finish(ctx, d, Delivered)
	case s.Now().Sub(d.CreatedAt) >= giveUpAfter || attempt.Status == http.StatusGone:
		s.Logger.Error("a notification is given up", zap.String("alert", d.AlertID), zap.String("type", string(d.Type)),
			zap.Int("attempts", d.Attempts), zap.String("error", attempt.Error))
		return s.Deliveries.Finish(ctx, d, GivenUp)
	default:
		return s.Deliveries.Retry(ctx, d, s.Now().Add(max(retryAfter, backoff(d.Attempts))))
	}
}

// backoff is the time after a number of attempts.
func backoff(attempts int) time.Duration {
	wait := firstRetry
	for range attempts - 1 {
		if wait *= 2; wait >= longestRetry {
			return longestRetry
		}
	}
	return wait
}

func (s *Sender) destinationOf(ctx context.Context, d *Delivery) (Destination, bool, error) {
	destination, ok, err := s.Deliveries.Destinations.Get(ctx, d.ProjectID, d.AlertID, d.DestinationID)
	if err != nil || !ok {
		return Destination{}, false, err
	}
	_, isWanted := destination.Functions[d.Message.Kind]
	return destination, isWanted, nil
}

// Test sends a message to a destination at once, and says what came of it.
func (s *Sender) Test(ctx context.Context, id string, destination Destination, m Message) Attempt {
	m.IsTest = true
	attempt, _, _ := s.attempt(ctx, id, destination, m)
	return attempt
}

// attempt brings a message to a destination.
func (s *Sender) attempt(ctx context.Context, id string, destination Destination, m Message) (a Attempt, retryAfter time.Duration, failed error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	start := time.Now()
	a.At = s.Now().UTC()
	if destination.Type == TypeEmail {
		failed = s.sendMail(ctx, id, destination, m)
	} else {
		a.Status, retryAfter, failed = s.post(ctx, id, destination, m)
	}
	a.Milliseconds = time.Since(start).Milliseconds()
	if failed != nil {
		a.Error = failed.Error()
	}
	return a, retryAfter, failed
}

func (s *Sender) post(ctx context.Context, id string, destination Destination, m Message) (status int, retryAfter time.Duration, err error) {
	p, err := s.render(id, destination, m, s.Now())
	if err != nil {
		return 0, 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(p.body))
	if err != nil {
		return 0, 0, errors.New("the address of the destination cannot be used")
	}
	request.Header = p.headers
	request.Header.Set("User-Agent", "Docket")
	response, err := s.client.Do(request)
	if err != nil {
		return 0, 0, withoutURL(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes))
	switch {
	case response.StatusCode >= http.StatusMultipleChoices:
		return response.StatusCode, retryAfterOf(response), fmt.Errorf("it answered with HTTP status %d", response.StatusCode)
	case p.isAccepted != nil && err == nil:
		return response.StatusCode, 0, p.isAccepted(body)
	default:
		return response.StatusCode, 0, nil // it has it, even if its answer was cut off
	}
}

// withoutURL returns an error of a request without its address, which may have a secret.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

// retryAfterOf returns how long a destination asks to be left alone, at most an hour.
func retryAfterOf(response *http.Response) time.Duration {
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, time.Hour)
}
