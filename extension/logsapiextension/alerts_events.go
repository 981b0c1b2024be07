package logsapiextension

import (
	"net/http"
	"slices"
	"time"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/notify"
)

// alertEventAnswer is an entry in the history of an alert: PostHog's fields, and then
// those that only Docket has.
type alertEventAnswer struct {
	ID                string     `json:"id"`
	CreatedAt         time.Time  `json:"created_at"`
	Kind              alert.Kind `json:"kind"`
	StateBefore       alert.Name `json:"state_before"`
	StateAfter        alert.Name `json:"state_after"`
	ThresholdBreached bool       `json:"threshold_breached"`
	ResultCount       *int64     `json:"result_count"`
	ErrorMessage      *string    `json:"error_message"`
	QueryDurationMS   *int64     `json:"query_duration_ms"`

	Notification *alert.Notification `json:"notification"`
	// HeldBy is cooldown or quiet_hours if something was not announced.
	HeldBy *string `json:"held_by"`
	// WindowFrom and WindowTo are those of the window that was counted.
	WindowFrom *time.Time `json:"window_from"`
	WindowTo   *time.Time `json:"window_to"`
	// Group is what has happened to one group; null for the alert as a whole.
	Group *alertstore.GroupTransition `json:"group"`
}

func newAlertEventAnswer(event alertstore.Event) alertEventAnswer {
	answer := alertEventAnswer{
		ID: event.ID, CreatedAt: event.At, Kind: event.Kind, StateBefore: event.Before, StateAfter: event.After,
		ThresholdBreached: event.Breached, ResultCount: event.Count,
		WindowFrom: timeOrNull(event.From), WindowTo: timeOrNull(event.To), Group: event.Group,
	}
	if event.Error != "" {
		answer.ErrorMessage = &event.Error
	}
	if event.Kind == alert.KindCheck {
		answer.QueryDurationMS = &event.QueryMilliseconds
	}
	if event.Notification != alert.NoNotification {
		answer.Notification = &event.Notification
	}
	switch {
	case event.Held != alert.NoNotification:
		answer.HeldBy = new("cooldown")
	case event.Muted != alert.NoNotification:
		answer.HeldBy = new("quiet_hours")
	}
	return answer
}

func alertEventKinds() []alert.Kind {
	return []alert.Kind{
		alert.KindCheck, alert.KindReset, alert.KindEnable, alert.KindDisable, alert.KindSnooze, alert.KindUnsnooze,
		alert.KindThresholdChange, alert.KindVerdictChanged, alert.KindGroupGone, alert.KindGroupsLeftOut,
	}
}

func (e *endpoints) listAlertEvents(r alertRequest) error {
	found, err := e.alerting.Alerts().Get(r.Context(), r.projectID, r.id())
	if err != nil {
		return err
	}
	events, err := e.alerting.Alerts().Events(r.Context(), r.projectID, found.ID)
	if err != nil {
		return err
	}
	if kind := alert.Kind(r.URL.Query().Get("kind")); kind != alert.NoEvent {
		if !slices.Contains(alertEventKinds(), kind) {
			return fieldProblem(codeInvalidInput, "kind", "The parameter 'kind' must be one of %s.", listed(alertEventKinds()))
		}
		events = slices.DeleteFunc(events, func(event alertstore.Event) bool { return event.Kind != kind })
	}
	page := pageOf(e.links, r.Request, events)
	answers := make([]alertEventAnswer, len(page.Results))
	for i, event := range page.Results {
		answers[i] = newAlertEventAnswer(event)
	}
	return writeJSON(r.w, http.StatusOK, listPage[alertEventAnswer]{page.Count, page.Next, page.Previous, answers})
}

// deliveryAnswer is a notification on its way, or what has become of it.
type deliveryAnswer struct {
	ID            string             `json:"id"`
	CreatedAt     time.Time          `json:"created_at"`
	Kind          alert.Notification `json:"kind"`
	DestinationID string             `json:"destination_id"`
	Type          notify.Type        `json:"type"`
	Outcome       notify.Outcome     `json:"outcome"`
	Attempts      int                `json:"attempts"`
	LastAttempts  []notify.Attempt   `json:"last_attempts"`
	NextAttemptAt *time.Time         `json:"next_attempt_at"`
	// Group is the value of the alert's group_by of which it is; null for the alert as a
	// whole.
	Group *string `json:"group"`
}

func (e *endpoints) listDeliveries(r alertRequest) error {
	found, err := e.alerting.Alerts().Get(r.Context(), r.projectID, r.id())
	if err != nil {
		return err
	}
	deliveries, err := e.alerting.Deliveries().List(r.Context(), r.projectID, found.ID)
	if err != nil {
		return err
	}
	page := pageOf(e.links, r.Request, deliveries)
	answers := make([]deliveryAnswer, len(page.Results))
	for i, d := range page.Results {
		answers[i] = deliveryAnswer{
			ID: d.ID, CreatedAt: d.CreatedAt, Kind: d.Message.Kind, DestinationID: d.DestinationID, Type: d.Type, Outcome: d.Outcome,
			Attempts: d.Attempts, LastAttempts: append([]notify.Attempt{}, d.LastAttempts...),
		}
		if d.Message.GroupBy != nil {
			answers[i].Group = &d.Message.Group
		}
		if d.Outcome == notify.Pending {
			answers[i].NextAttemptAt = timeOrNull(d.NextAttemptAt)
		}
	}
	return writeJSON(r.w, http.StatusOK, listPage[deliveryAnswer]{page.Count, page.Next, page.Previous, answers})
}
