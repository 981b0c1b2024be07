package notify

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/docketlog/docket/internal/alert"
)

// post is a request to a destination.
type post struct {
	url     string
	headers http.Header
	body    []byte
	// isAccepted decides on the body of a success; nil accepts all.
	isAccepted func(body []byte) error
}

// render returns the request that brings a message to a destination, which is no e-mail.
func (s *Sender) render(id string, d Destination, m Message, now time.Time) (post, error) {
	switch d.Type {
	case TypeSlack:
		return s.slack(d, m)
	case TypeTeams:
		return jsonPost(d.URL, teamsCard(m))
	case TypeDiscord:
		return jsonPost(d.URL, discordMessage(m))
	case TypePagerDuty:
		return jsonPost(s.PagerDutyURL, pagerDutyEvent(d, m))
	default:
		return webhook(id, d, m, now)
	}
}

func jsonPost(url string, content any) (post, error) {
	body, err := json.Marshal(content)
	if err != nil {
		return post{}, fmt.Errorf("write the message: %w", err)
	}
	return post{url: url, body: body, headers: http.Header{"Content-Type": {"application/json"}}}, nil
}

// webhook returns PostHog's body with the headers of Standard Webhooks.
func webhook(id string, d Destination, m Message, now time.Time) (post, error) {
	p, err := jsonPost(d.URL, map[string]any{
		"id": id, "type": types[m.Kind], "timestamp": m.At.Format(time.RFC3339Nano), "data": m.data(),
	})
	if err != nil {
		return post{}, err
	}
	return p, sign(p.headers, d.Secret, id, now, p.body)
}

// slack posts to an incoming webhook, or to a channel with the token of its workspace.
func (s *Sender) slack(d Destination, m Message) (post, error) {
	text := slackEscape(m.headline())
	links := fmt.Sprintf("<%s|Alert>", m.AlertURL)
	if m.Kind == alert.Fire || m.Kind == alert.Resolve {
		links += fmt.Sprintf(" · <%s|Records>", m.LogsURL)
	}
	content := map[string]any{
		"text": text,
		"blocks": []any{
			map[string]any{"type": "section", "text": map[string]string{"type": "mrkdwn", "text": symbol(m.Kind) + " " + text}},
			map[string]any{"type": "context", "elements": []any{map[string]string{"type": "mrkdwn", "text": links}}},
		},
	}
	if d.URL != "" {
		return jsonPost(d.URL, content)
	}
	token, ok := s.SlackTokens[d.SlackWorkspace]
	if !ok {
		return post{}, fmt.Errorf("the configuration has no token for the Slack workspace %d", d.SlackWorkspace)
	}
	content["channel"] = d.SlackChannel
	p, err := jsonPost(s.SlackURL, content)
	if err != nil {
		return post{}, err
	}
	p.headers.Set("Authorization", "Bearer "+token)
	p.isAccepted = func(body []byte) error {
		var answer struct {
			OK    bool   `json:"ok"`
			Error string `json:"error"`
		}
		if err := json.Unmarshal(body, &answer); err != nil || !answer.OK {
			return fmt.Errorf("Slack refused it: %s", answer.Error) //nolint:staticcheck // a name
		}
		return nil
	}
	return p, nil
}

// slackEscape keeps a text from being read as markup or as a mention.
func slackEscape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

func symbol(kind alert.Notification) string {
	if kind == alert.Resolve {
		return ":large_green_circle:"
	}
	if kind == alert.Fire {
		return ":red_circle:"
	}
	return ":warning:"
}

func teamsCard(m Message) any {
	actions := []any{map[string]any{"type": "Action.OpenUrl", "title": "Alert", "url": m.AlertURL}}
	if m.Kind == alert.Fire || m.Kind == alert.Resolve {
		actions = append(actions, map[string]any{"type": "Action.OpenUrl", "title": "Records", "url": m.LogsURL})
	}
	return map[string]any{
		"type": "message",
		"attachments": []any{map[string]any{
			"contentType": "application/vnd.microsoft.card.adaptive",
			"content": map[string]any{
				"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
				"body": []any{map[string]any{
					// A run of text, unlike a block of it, is not read as Markdown.
					"type": "RichTextBlock", "inlines": []any{map[string]any{"type": "TextRun", "text": m.headline(), "weight": "Bolder"}},
				}},
				"actions": actions,
			},
		}},
	}
}

func discordMessage(m Message) any {
	const green, red, yellow = 0x2E7D32, 0xC62828, 0xF9A825
	color := yellow
	switch m.Kind {
	case alert.Fire:
		color = red
	case alert.Resolve:
		color = green
	}
	return map[string]any{
		"embeds":           []any{map[string]any{"title": clip(m.headline(), 256), "url": m.AlertURL, "color": color, "timestamp": m.At.Format(time.RFC3339)}},
		"allowed_mentions": map[string]any{"parse": []string{}},
	}
}

// pagerDutyEvent opens an incident, or closes the one that the same alert, or the same
// group of it, has opened.
func pagerDutyEvent(d Destination, m Message) any {
	action, key := "trigger", "docket/"+m.AlertID+m.groupKey()
	severity := "error"
	switch m.Kind {
	case alert.Resolve:
		action = "resolve"
	case alert.Failed, alert.BrokeDown:
		key, severity = key+"/checks", "warning"
	}
	return map[string]any{
		"routing_key": d.RoutingKey, "event_action": action, "dedup_key": clip(key, 255),
		"payload": map[string]any{
			"summary": clip(m.headline(), 1024), "source": "docket", "severity": severity, "timestamp": m.At.Format(time.RFC3339Nano),
			"custom_details": m.data(),
		},
		"links": []any{map[string]string{"href": m.AlertURL, "text": "Alert"}},
	}
}

// clip returns at most so many characters of a text.
func clip(text string, length int) string {
	runes := []rune(text)
	if len(runes) <= length {
		return text
	}
	return string(runes[:length-1]) + "…"
}
