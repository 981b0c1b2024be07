package logsapiextension

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/notify"
	"github.com/docketlog/docket/internal/filter/posthog"
)

// alertAnswer is an alert as clients see it: PostHog's fields in PostHog's order, and then
// those that only Docket has.
type alertAnswer struct {
	ID                   string           `json:"id"`
	Name                 string           `json:"name"`
	Enabled              bool             `json:"enabled"`
	Filters              json.RawMessage  `json:"filters"`
	ThresholdCount       int64            `json:"threshold_count"`
	ThresholdOperator    alert.Operator   `json:"threshold_operator"`
	WindowMinutes        int              `json:"window_minutes"`
	CheckIntervalMinutes int              `json:"check_interval_minutes"`
	State                alert.Name       `json:"state"`
	EvaluationPeriods    int              `json:"evaluation_periods"`
	DatapointsToAlarm    int              `json:"datapoints_to_alarm"`
	CooldownMinutes      int64            `json:"cooldown_minutes"`
	SnoozeUntil          *time.Time       `json:"snooze_until"`
	NextCheckAt          *time.Time       `json:"next_check_at"`
	LastNotifiedAt       *time.Time       `json:"last_notified_at"`
	LastCheckedAt        *time.Time       `json:"last_checked_at"`
	ConsecutiveFailures  int              `json:"consecutive_failures"`
	LastErrorMessage     *string          `json:"last_error_message"`
	StateTimeline        []timelineAnswer `json:"state_timeline"`
	DestinationTypes     []notify.Type    `json:"destination_types"`
	FirstEnabledAt       *time.Time       `json:"first_enabled_at"`
	CreatedAt            time.Time        `json:"created_at"`
	CreatedBy            personAnswer     `json:"created_by"`
	UpdatedAt            time.Time        `json:"updated_at"`

	ScheduleRestriction    json.RawMessage `json:"schedule_restriction"`
	EvaluationDelaySeconds int64           `json:"evaluation_delay_seconds"`
	RecoveryThreshold      *int64          `json:"recovery_threshold"`
	NoData                 alert.NoData    `json:"no_data"`
	Provisioned            bool            `json:"provisioned"`

	GroupBy *posthog.FieldName `json:"group_by"`
	Groups  []groupAnswer      `json:"groups"`
	// GroupsLeftOut is how many values the newest check found that are not watched.
	GroupsLeftOut int `json:"groups_left_out"`
}

// timelineAnswer is a time in which an alert was in one state.
type timelineAnswer struct {
	Start   time.Time  `json:"start"`
	End     time.Time  `json:"end"`
	State   alert.Name `json:"state"`
	Enabled bool       `json:"enabled"`
}

// groupAnswer is what an alert knows of one value of its field.
type groupAnswer struct {
	Value string     `json:"value"`
	State alert.Name `json:"state"`
	// LastCount is that of the newest window of the newest check.
	LastCount int64 `json:"last_count"`
	// Since is when it came into its state.
	Since          time.Time  `json:"since"`
	LastSeenAt     *time.Time `json:"last_seen_at"`
	LastNotifiedAt *time.Time `json:"last_notified_at"`
}

func newGroupAnswers(a alertstore.Alert) []groupAnswer {
	answers := make([]groupAnswer, len(a.Groups))
	for i, group := range a.Groups {
		answers[i] = groupAnswer{
			Value: group.Value, State: group.Name, LastCount: group.Count, Since: group.Since,
			LastSeenAt: timeOrNull(group.SeenAt), LastNotifiedAt: timeOrNull(group.LastNotifiedAt),
		}
		if group.Since.IsZero() { // an edit of the alert did that
			answers[i].Since = a.UpdatedAt
		}
	}
	return answers
}

func (e *endpoints) answerAlert(r alertRequest, status int, a alertstore.Alert) error {
	answers, err := e.alertAnswers(r.Context(), r.projectID, []alertstore.Alert{a})
	if err != nil {
		return err
	}
	return writeJSON(r.w, status, answers[0])
}

func (e *endpoints) alertAnswers(ctx context.Context, projectID int64, all []alertstore.Alert) ([]alertAnswer, error) {
	types, err := e.alerting.Destinations().Types(ctx, projectID)
	if err != nil {
		return nil, err
	}
	progress, err := e.alerting.Alerts().Progress(ctx)
	if err != nil {
		return nil, err
	}
	answers := make([]alertAnswer, len(all))
	for i, a := range all {
		events, err := e.alerting.Alerts().Events(ctx, projectID, a.ID)
		if err != nil {
			return nil, err
		}
		answers[i] = e.alertAnswer(a, progress)
		for _, interval := range e.alerting.Alerts().Timeline(a, events) {
			answers[i].StateTimeline = append(answers[i].StateTimeline, timelineAnswer(interval))
		}
		answers[i].DestinationTypes = append([]notify.Type{}, types[a.ID]...)
	}
	return answers, nil
}

func (e *endpoints) alertAnswer(a alertstore.Alert, progress time.Time) alertAnswer {
	interval := e.alerting.CheckInterval()
	// Checks that change nothing are only noted for all alerts together.
	lastChecked, nextCheck := a.State.LastCheckedAt, a.State.NextCheckAt
	isChecked := a.Enabled && a.State.Name != alert.Broken && a.State.Name != alert.Snoozed && !nextCheck.IsZero()
	if isChecked && progress.After(lastChecked) && !progress.Before(nextCheck) {
		lastChecked = progress
	}
	if isChecked && !nextCheck.After(progress) {
		nextCheck = alert.NextCheck(progress, progress, interval, 0)
	}
	answer := alertAnswer{
		ID: a.ID, Name: a.Name, Enabled: a.Enabled, Filters: a.Filters, ThresholdCount: a.ThresholdCount,
		ThresholdOperator: a.Operator, WindowMinutes: a.WindowMinutes,
		CheckIntervalMinutes: int((interval + time.Minute - 1) / time.Minute),
		State:                a.State.Name, EvaluationPeriods: a.Periods, DatapointsToAlarm: a.Datapoints, CooldownMinutes: a.CooldownMin,
		SnoozeUntil: timeOrNull(a.State.SnoozeUntil), NextCheckAt: timeOrNull(nextCheck),
		LastNotifiedAt: timeOrNull(a.State.LastNotifiedAt), LastCheckedAt: timeOrNull(lastChecked),
		ConsecutiveFailures: a.State.Failures, FirstEnabledAt: timeOrNull(a.FirstEnabledAt),
		CreatedAt: a.CreatedAt, CreatedBy: newPersonAnswer(a.CreatedBy.UUID, a.CreatedBy.Name), UpdatedAt: a.UpdatedAt,
		ScheduleRestriction: a.QuietHours, EvaluationDelaySeconds: a.DelaySeconds, RecoveryThreshold: a.Recovery,
		NoData: a.NoData, Provisioned: a.Provisioned,
		GroupBy: a.GroupBy, Groups: newGroupAnswers(a), GroupsLeftOut: a.GroupsLeftOut,
	}
	if answer.NoData == "" {
		answer.NoData = alert.NoDataCounts
	}
	if len(a.QuietHours) == 0 {
		answer.ScheduleRestriction = json.RawMessage("null")
	}
	if a.LastError != "" {
		answer.LastErrorMessage = &a.LastError
	}
	return answer
}

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// alertsBy returns the alerts that somebody has made.
func alertsBy(all []alertstore.Alert, author string) ([]alertstore.Alert, error) {
	if _, err := uuid.Parse(author); err != nil {
		return nil, fieldProblem(codeInvalidInput, "created_by", "The parameter 'created_by' must be the UUID of a user.")
	}
	return slices.DeleteFunc(all, func(a alertstore.Alert) bool { return a.CreatedBy.UUID != author }), nil
}
