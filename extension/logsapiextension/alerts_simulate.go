package logsapiextension

import (
	"net/http"
	"slices"
	"time"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertform"
	"github.com/docketlog/docket/internal/alert/evaluation"
	"github.com/docketlog/docket/internal/alert/eventrecord"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/dates"
	"github.com/docketlog/docket/internal/filter/posthog"
	"github.com/docketlog/docket/internal/requestbody"
)

const (
	// maxSimulated is how many checks a simulation may make, and maxSimulatedDays how far
	// back it may go.
	maxSimulated     = 15000
	maxSimulatedDays = 30
	// simulatedDefaultMinutes is the time between two checks of a simulation unless one is
	// given.
	simulatedDefaultMinutes = 5
	// maxSimulatedDate is how long the text of a date may be.
	maxSimulatedDate = 2000

	attributeCheckMinutes = "check_interval_minutes"
)

// simulation is a request to simulate an alert.
type simulation struct {
	alertform.Change

	interval int64
	dateFrom string
}

// simulatedCheck is a check of a simulation as clients see it.
type simulatedCheck struct {
	Timestamp         time.Time  `json:"timestamp"`
	Count             int64      `json:"count"`
	ThresholdBreached bool       `json:"threshold_breached"`
	State             alert.Name `json:"state"`
	// Notification is none, fire or resolve.
	Notification string `json:"notification"`
	Reason       string `json:"reason"`
	// Groups are those to which something happens, of an alert with group_by.
	Groups []simulatedChange `json:"groups,omitempty"`
}

// simulatedChange is what a check of a simulation does to a group.
type simulatedChange struct {
	Value string     `json:"value"`
	Count int64      `json:"count"`
	State alert.Name `json:"state"`
	// Notification is none, fire or resolve.
	Notification string `json:"notification"`
}

type simulationAnswer struct {
	Buckets           []simulatedCheck `json:"buckets"`
	FireCount         int              `json:"fire_count"`
	ResolveCount      int              `json:"resolve_count"`
	TotalBuckets      int              `json:"total_buckets"`
	ThresholdCount    int64            `json:"threshold_count"`
	ThresholdOperator alert.Operator   `json:"threshold_operator"`
	// GroupsLeftOut is the greatest number of values that a check would not have watched.
	GroupsLeftOut *int `json:"groups_left_out,omitempty"`
}

func (e *endpoints) simulateAlert(r alertRequest) error {
	now := time.Now().UTC()
	s, from, err := readSimulation(r.Request, now)
	if err != nil {
		return err
	}
	rule := s.Settings.Rule(time.Duration(s.interval) * time.Minute)
	if count := now.Sub(from)/rule.Interval + 1; count > maxSimulated {
		return fieldProblem(codeInvalidInput, "", "The simulation would make %d checks, at most %d are allowed. "+
			"Please begin later, or check less often.", count, maxSimulated)
	}
	selected, err := posthog.ParseAlert(s.Settings.Filters, dates.Clock{Now: now})
	if err != nil {
		return err
	}
	selected = eventrecord.Countable(selected)
	if s.Settings.GroupBy != nil {
		return e.simulateGroups(r, s, selected, rule, from, now)
	}
	checks, err := evaluation.Simulate(r.Context(), e.analyst, r.projectID, selected, rule, from, now)
	if err != nil {
		return err
	}
	return writeJSON(r.w, http.StatusOK, newSimulationAnswer(s, checks))
}

// simulateGroups simulates an alert with group_by.
func (e *endpoints) simulateGroups(r alertRequest, s *simulation, selected filter.Expression, rule alert.Rule, from, to time.Time) error {
	by, err := s.Settings.GroupBy.GroupField()
	if err != nil {
		return err
	}
	checks, err := evaluation.SimulateGroups(
		r.Context(), e.analyst, r.projectID, selected, by, rule, e.alerting.GroupLimits(), from, to)
	if err != nil {
		return err
	}
	answer := s.newAnswer(len(checks))
	answer.GroupsLeftOut = new(int)
	for i, check := range checks {
		bucket := newSimulatedCheck(check.SimulatedCheck)
		for _, change := range check.Changes {
			notification := simulatedNotification(change.Notification)
			answer.note(change.Notification)
			bucket.Groups = append(bucket.Groups, simulatedChange{change.After.Value, change.After.Count, change.After.Name, notification})
		}
		answer.Buckets[i] = bucket
		*answer.GroupsLeftOut = max(*answer.GroupsLeftOut, check.LeftOut)
	}
	return writeJSON(r.w, http.StatusOK, answer)
}

func (s *simulation) newAnswer(checks int) simulationAnswer {
	return simulationAnswer{
		Buckets: make([]simulatedCheck, checks), TotalBuckets: checks,
		ThresholdCount: s.Settings.ThresholdCount, ThresholdOperator: s.Settings.Operator,
	}
}

// note counts a notification.
func (a *simulationAnswer) note(of alert.Notification) {
	switch of {
	case alert.Fire:
		a.FireCount++
	case alert.Resolve:
		a.ResolveCount++
	}
}

func newSimulationAnswer(s *simulation, checks []alert.SimulatedCheck) simulationAnswer {
	answer := s.newAnswer(len(checks))
	for i, check := range checks {
		answer.note(check.Notification)
		answer.Buckets[i] = newSimulatedCheck(check)
	}
	return answer
}

func newSimulatedCheck(check alert.SimulatedCheck) simulatedCheck {
	return simulatedCheck{
		Timestamp: check.At, Count: check.Count, ThresholdBreached: check.Breached, State: check.State,
		Notification: simulatedNotification(check.Notification), Reason: check.Reason,
	}
}

func simulatedNotification(of alert.Notification) string {
	switch of {
	case alert.Fire:
		return "fire"
	case alert.Resolve:
		return "resolve"
	default:
		return "none"
	}
}

// readSimulation reads the body of a simulation and returns when it begins.
func readSimulation(r *http.Request, now time.Time) (*simulation, time.Time, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, time.Time{}, err
	}
	s := &simulation{Change: *alertform.NewChange(alertform.Defaults()), interval: simulatedDefaultMinutes}
	if err := body.Read(s.fields()); err != nil {
		return nil, time.Time{}, alertform.FiltersProblem(err)
	}
	s.Settle(body)
	if err := s.Check(now, body.Has); err != nil {
		return nil, time.Time{}, err
	}
	if s.interval > s.Window() {
		return nil, time.Time{}, fieldProblem(codeInvalidInput, attributeCheckMinutes,
			"The field 'check_interval_minutes' must be at most window_minutes, %d.", s.Window())
	}
	from, _, err := dates.Clock{Now: now}.Parse(s.dateFrom)
	// A client that says -30d means the clock of a moment ago.
	const patience = time.Minute
	if err != nil || from.After(now) || now.Sub(from) > maxSimulatedDays*24*time.Hour+patience {
		return nil, time.Time{}, fieldProblem(codeInvalidInput, "date_from",
			"The field 'date_from' must be a time at most 30 days ago, such as -24h, or -90M for 90 minutes.")
	}
	return s, from, nil
}

// fields are those of a simulation: those of an alert that it needs, and its own.
func (s *simulation) fields() []requestbody.Field {
	required := []string{alertform.FieldFilters, "threshold_count", "threshold_operator", alertform.FieldWindowMinutes}
	optional := []string{
		"evaluation_periods", alertform.FieldDatapoints, "cooldown_minutes", alertform.FieldRecovery, alertform.FieldNoData, alertform.FieldGroupBy,
	}
	var fields []requestbody.Field
	for _, field := range s.Fields() {
		field.Required = slices.Contains(required, field.Name)
		if field.Required || slices.Contains(optional, field.Name) {
			fields = append(fields, field)
		}
	}
	return append(fields,
		requestbody.Field{Name: attributeCheckMinutes, As: requestbody.Integer{Into: &s.interval, Min: new(int64(1)), Max: new(int64(60))}},
		requestbody.Field{Name: "date_from", Required: true, As: requestbody.Text{Into: &s.dateFrom, MaxLength: maxSimulatedDate}})
}
