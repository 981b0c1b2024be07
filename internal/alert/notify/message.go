package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/filter/posthog"
)

// Message is what a notification tells. Its JSON is kept with the transition, so that
// later edits of the alert do not change what happened.
type Message struct {
	Kind                alert.Notification `json:"kind"`
	At                  time.Time          `json:"at"`
	ProjectID           int64              `json:"project"`
	AlertID             string             `json:"alert_id"`
	AlertName           string             `json:"alert_name"`
	ResultCount         int64              `json:"result_count"`
	ThresholdCount      int64              `json:"threshold_count"`
	ThresholdOperator   alert.Operator     `json:"threshold_operator"`
	WindowMinutes       int                `json:"window_minutes"`
	ServiceNames        []string           `json:"service_names"`
	SeverityLevels      []string           `json:"severity_levels"`
	LogsURL             string             `json:"logs_url"`
	AlertURL            string             `json:"alert_url"`
	ConsecutiveFailures int                `json:"consecutive_failures"`
	ErrorMessage        string             `json:"error_message"`
	// GroupBy and Group are the field and its value of which the message is; nil and "" for
	// the alert as a whole.
	GroupBy *posthog.FieldName `json:"group_by,omitempty"`
	Group   string             `json:"group,omitempty"`
	// IsTest is true for one that somebody sends to try a destination.
	IsTest bool `json:"is_test,omitempty"`
}

// types are the types of webhooks, in PostHog's words.
var types = map[alert.Notification]string{ //nolint:gochecknoglobals // a constant
	alert.Fire: "logs_alert.firing", alert.Resolve: "logs_alert.resolved",
	alert.Failed: "logs_alert.errored", alert.BrokeDown: "logs_alert.auto_disabled",
}

// NewMessage returns what a transition of an alert tells. Base is the address of the web
// page, without a slash at its end; "" if it is not known, and then the addresses are
// paths.
func NewMessage(a alertstore.Alert, t alertstore.Transition, base string) Message {
	kind := t.Notification
	if kind == alert.NoNotification {
		kind = t.Muted
	}
	m := Message{
		Kind: kind, At: t.At.UTC(), ProjectID: a.ProjectID, AlertID: a.ID, AlertName: a.Name,
		ThresholdCount: a.ThresholdCount, ThresholdOperator: a.Operator, WindowMinutes: a.WindowMinutes,
		ServiceNames: []string{}, SeverityLevels: []string{},
		ConsecutiveFailures: a.State.Failures, ErrorMessage: t.Error,
		AlertURL: alertURL(base, a),
	}
	if t.Count != nil {
		m.ResultCount = *t.Count
	}
	var filters struct {
		ServiceNames   []string `json:"serviceNames"`
		SeverityLevels []string `json:"severityLevels"`
	}
	// Filters that cannot be read have neither.
	_ = json.Unmarshal(a.Filters, &filters)
	m.ServiceNames = append(m.ServiceNames, filters.ServiceNames...)
	m.SeverityLevels = append(m.SeverityLevels, filters.SeverityLevels...)
	if t.Group != nil {
		m.GroupBy, m.Group = a.GroupBy, t.Group.Value
	}
	m.LogsURL = logsURL(base, a, m, t)
	return m
}

// headline says in one line what has happened.
func (m Message) headline() string {
	text := m.subject()
	switch m.Kind {
	case alert.Fire:
		text += fmt.Sprintf(" is firing: %d %s in %s, %s %d", m.ResultCount, records(m.ResultCount), m.window(), m.threshold(), m.ThresholdCount)
	case alert.Resolve:
		text += fmt.Sprintf(" has resolved: %d %s in %s", m.ResultCount, records(m.ResultCount), m.window())
	case alert.Failed:
		text += " could not be checked: " + m.ErrorMessage
	default:
		text += fmt.Sprintf(" is broken and is not checked any more, after %d failures: %s", m.ConsecutiveFailures, m.ErrorMessage)
	}
	if m.IsTest {
		text = "[test] " + text
	}
	return text
}

// subject is the alert, with its group if the message is of one.
func (m Message) subject() string {
	if m.GroupBy == nil {
		return m.AlertName
	}
	return fmt.Sprintf("%s for %s %s", m.AlertName, m.GroupBy.Key, m.Group)
}

// groupKey tells the groups of an alert apart, in few characters.
func (m Message) groupKey() string {
	if m.GroupBy == nil {
		return ""
	}
	digest := sha256.Sum256([]byte(m.GroupBy.Type + "\x00" + m.GroupBy.Key + "\x00" + m.Group))
	return "/" + hex.EncodeToString(digest[:16])
}

func (m Message) threshold() string {
	if m.ThresholdOperator == alert.Below {
		return "below"
	}
	return "above"
}

func (m Message) window() string {
	if m.WindowMinutes == 1 {
		return "a minute"
	}
	return fmt.Sprintf("%d minutes", m.WindowMinutes)
}

func records(count int64) string {
	if count == 1 {
		return "record"
	}
	return "records"
}

// data is what a webhook tells, in PostHog's words.
func (m Message) data() map[string]any {
	data := map[string]any{
		"alert_id": m.AlertID, "alert_name": m.AlertName,
		"service_names": m.ServiceNames, "severity_levels": m.SeverityLevels, "alert_url": m.AlertURL,
	}
	switch m.Kind {
	case alert.Failed:
		data["consecutive_failures"], data["error_message"] = m.ConsecutiveFailures, m.ErrorMessage
	case alert.BrokeDown:
		data["consecutive_failures"], data["last_error_message"] = m.ConsecutiveFailures, m.ErrorMessage
	default:
		data["result_count"], data["threshold_count"] = m.ResultCount, m.ThresholdCount
		data["threshold_operator"], data["window_minutes"] = m.ThresholdOperator, m.WindowMinutes
		data["logs_url"] = m.LogsURL
	}
	if m.GroupBy != nil {
		data["group_by"], data["group"] = m.GroupBy, m.Group
	}
	if m.IsTest {
		data["is_test"] = true
	}
	return data
}
