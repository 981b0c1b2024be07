package logsapiextension

import (
	"net/http"
	"slices"
	"time"

	"github.com/docketlog/docket/extension/logsapiextension/internal/requestbody"
	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/evaluation"
	"github.com/docketlog/docket/internal/filter/dates"
	"github.com/docketlog/docket/internal/filter/posthog"
)

const (
	// maxSimulated is how many checks a simulation may make, and maxSimulatedDays how far
	// back it may go.
	maxSimulated     = 15000
	maxSimulatedDays = 30
	// simulatedDefaultMinutes is the time between two checks of a simulation unless one is
	// given.
	simulatedDefaultMinutes = 5
)

// simulation is a request to simulate an alert.
type simulation struct {
	alertChange

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
}

type simulationAnswer struct {
	Buckets           []simulatedCheck `json:"buckets"`
	FireCount         int              `json:"fire_count"`
	ResolveCount      int              `json:"resolve_count"`
	TotalBuckets      int              `json:"total_buckets"`
	ThresholdCount    int64            `json:"threshold_count"`
	ThresholdOperator alert.Operator   `json:"threshold_operator"`
}

func (e *endpoints) simulateAlert(r alertRequest) error {
	now := time.Now().UTC()
	s, from, err := readSimulation(r.Request, now)
	if err != nil {
		return err
	}
	rule := s.settings.Rule(time.Duration(s.interval) * time.Minute)
	if count := now.Sub(from)/rule.Interval + 1; count > maxSimulated {
		return fieldProblem(codeInvalidInput, "", "The simulation would make %d checks, at most %d are allowed. "+
			"Please begin later, or check less often.", count, maxSimulated)
	}
	selected, err := posthog.ParseAlert(s.settings.Filters, dates.Clock{Now: now})
	if err != nil {
		return err
	}
	checks, err := evaluation.Simulate(r.Context(), e.analyst, r.projectID, selected, rule, from, now)
	if err != nil {
		return err
	}
	return writeJSON(r.w, http.StatusOK, newSimulationAnswer(s, checks))
}

func newSimulationAnswer(s *simulation, checks []alert.SimulatedCheck) simulationAnswer {
	answer := simulationAnswer{
		Buckets: make([]simulatedCheck, len(checks)), TotalBuckets: len(checks),
		ThresholdCount: s.settings.ThresholdCount, ThresholdOperator: s.settings.Operator,
	}
	for i, check := range checks {
		notification := "none"
		switch check.Notification {
		case alert.Fire:
			notification = "fire"
			answer.FireCount++
		case alert.Resolve:
			notification = "resolve"
			answer.ResolveCount++
		}
		answer.Buckets[i] = simulatedCheck{check.At, check.Count, check.Breached, check.State, notification, check.Reason}
	}
	return answer
}

// readSimulation reads the body of a simulation and returns when it begins.
func readSimulation(r *http.Request, now time.Time) (*simulation, time.Time, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, time.Time{}, err
	}
	s := &simulation{alertChange: *newAlertChange(defaultAlertSettings()), interval: simulatedDefaultMinutes}
	if err := body.Read(s.fields()); err != nil {
		return nil, time.Time{}, filtersProblem(err)
	}
	s.settle()
	if err := s.check(now, true); err != nil {
		return nil, time.Time{}, err
	}
	if s.interval > s.window {
		return nil, time.Time{}, fieldProblem(codeInvalidInput, attributeCheckMinutes,
			"The field 'check_interval_minutes' must be at most window_minutes, %d.", s.window)
	}
	from, _, err := dates.Clock{Now: now}.Parse(s.dateFrom)
	// A client that says -30d means the clock of a moment ago.
	const patience = time.Minute
	if err != nil || from.After(now) || now.Sub(from) > maxSimulatedDays*24*time.Hour+patience {
		return nil, time.Time{}, fieldProblem(codeInvalidInput, "date_from",
			"The field 'date_from' must be a date such as -24h, at most 30 days ago.")
	}
	return s, from, nil
}

// fields are those of a simulation: those of an alert that it needs, and its own.
func (s *simulation) fields() []requestbody.Field {
	required := []string{attributeFilters, "threshold_count", "threshold_operator", attributeWindow}
	optional := []string{"evaluation_periods", attributeDatapoints, "cooldown_minutes"}
	var fields []requestbody.Field
	for _, field := range s.alertChange.fields() {
		field.Required = slices.Contains(required, field.Name)
		if field.Required || slices.Contains(optional, field.Name) {
			fields = append(fields, field)
		}
	}
	return append(fields,
		requestbody.Field{Name: attributeCheckMinutes, As: requestbody.Integer{Into: &s.interval, Min: new(int64(1)), Max: new(int64(60))}},
		requestbody.Field{Name: "date_from", Required: true, As: requestbody.Text{Into: &s.dateFrom, MaxLength: maxDestinationText}})
}
