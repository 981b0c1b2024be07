package notify_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/notify"
)

// mailServer takes mail and says what it was told, line by line.
type mailServer struct {
	port  int
	mu    sync.Mutex
	lines []string
}

func serveMail(t *testing.T) *mailServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed below
	require.NoError(t, err)
	s := &mailServer{port: listener.Addr().(*net.TCPAddr).Port} //nolint:forcetypeassert // it is TCP
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			s.serve(connection)
		}
	})
	t.Cleanup(func() { _ = listener.Close(); serving.Wait() })
	return s
}

func (s *mailServer) serve(connection net.Conn) {
	defer func() { _ = connection.Close() }()
	say := func(text string) { _, _ = fmt.Fprint(connection, text+"\r\n") }
	say("220 test")
	isBody := false
	for lines := bufio.NewScanner(connection); lines.Scan(); {
		line := lines.Text()
		s.mu.Lock()
		s.lines = append(s.lines, line)
		s.mu.Unlock()
		switch {
		case isBody && line == ".":
			isBody = false
			say("250 taken")
		case isBody:
		case line == "DATA":
			isBody = true
			say("354 go on")
		case line == "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func (s *mailServer) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}

func TestMail(t *testing.T) {
	server := serveMail(t)
	o := newOffice(t, func(s *notify.Settings) {
		s.AllowPrivate = false // the mail server is the operator's
		s.Mail = &notify.Mail{Host: "127.0.0.1", Port: server.port, From: "docket@example.com", TLS: "none"}
	})
	o.alert.Name = "two\r\nBcc: evil@example.com"
	o.add(notify.Target{Type: notify.TypeEmail, Emails: []string{"jo@example.com", "al@example.com"}})
	o.happen(alert.Fire)
	o.send()
	text := server.text()
	assert.Contains(t, text, "RCPT TO:<jo@example.com>")
	assert.Contains(t, text, "RCPT TO:<al@example.com>")
	assert.NotContains(t, text, "RCPT TO:<evil@example.com>")
	assert.NotContains(t, text, "\nBcc:")
	assert.Contains(t, text, "Subject: two Bcc: evil@example.com is firing: 11 records")
	log := o.log()
	require.Len(t, log, 1)
	assert.Equal(t, notify.Delivered, log[0].Outcome, "%+v", log[0].LastAttempts)
}

func TestNoMailServer(t *testing.T) {
	o := newOffice(t, nil)
	o.add(notify.Target{Type: notify.TypeEmail, Emails: []string{"jo@example.com"}})
	o.happen(alert.Fire)
	o.send()
	assert.Contains(t, o.log()[0].LastAttempts[0].Error, "no mail server")
}
