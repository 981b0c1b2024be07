package notify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/wneessen/go-mail"
)

// Mail says how to send e-mail.
type Mail struct {
	// Host and Port are those of the server to hand mail to.
	Host string
	Port int
	// From is the sender's address.
	From string
	// Username and Password may be empty.
	Username, Password string
	// TLS is "mandatory" (by STARTTLS), "implicit" (from the start) or "none".
	TLS string
}

// errNoMail says that no e-mail can be sent.
var errNoMail = errors.New("the configuration has no mail server")

// sendMail sends a message as an e-mail. The mail server is the operator's: it may be
// anywhere.
func (s *Sender) sendMail(ctx context.Context, id string, destination Destination, m Message) error {
	if s.Mail == nil {
		return errNoMail
	}
	message := mail.NewMsg()
	if err := message.From(s.Mail.From); err != nil {
		return fmt.Errorf("the sender's address: %w", err)
	}
	if err := message.To(destination.Emails...); err != nil {
		return fmt.Errorf("the addresses: %w", err)
	}
	message.Subject(oneLine(m.headline()))
	message.SetMessageIDWithValue(id + "@docket")
	message.SetDate()
	message.SetBodyString(mail.TypeTextPlain, mailText(m))
	client, err := s.Mail.client()
	if err != nil {
		return err
	}
	if err := client.DialAndSendWithContext(ctx, message); err != nil {
		return fmt.Errorf("hand the mail to the server: %w", err)
	}
	return nil
}

func (m *Mail) client() (*mail.Client, error) {
	options := []mail.Option{
		mail.WithPort(m.Port), mail.WithTimeout(attemptTimeout), mail.WithTLSPolicy(mail.TLSMandatory),
		mail.WithDialContextFunc((&net.Dialer{Timeout: connectTimeout}).DialContext),
	}
	switch m.TLS {
	case "implicit":
		options = append(options[:2:2], mail.WithSSL())
	case "none":
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if m.Username != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(m.Username), mail.WithPassword(m.Password))
	}
	client, err := mail.NewClient(m.Host, options...)
	if err != nil {
		return nil, fmt.Errorf("prepare the mail client: %w", err)
	}
	return client, nil
}

// oneLine puts a text on one line, as headers need it.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func mailText(m Message) string {
	var text strings.Builder
	text.WriteString(oneLine(m.headline()) + "\n\n")
	fmt.Fprintf(&text, "Alert:   %s\n", m.AlertURL)
	if m.LogsURL != "" {
		fmt.Fprintf(&text, "Records: %s\n", m.LogsURL)
	}
	fmt.Fprintf(&text, "Time:    %s\n", m.At.Format("2006-01-02 15:04:05 MST"))
	return text.String()
}
