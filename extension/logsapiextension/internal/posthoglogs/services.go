package posthoglogs

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// Bounds of Services.
const (
	// maxServices is how many services an answer has at most.
	maxServices = 10_000
	levelCount  = 7
	// maxServiceLines is how many services have a line over time, maxTopServices how
	// many are in the summary.
	maxServiceLines = 25
	maxTopServices  = 5
)

// noService is the name of records without a service.
const noService = "(no service)"

// ServicesAnswer is the answer of Services.
type ServicesAnswer struct {
	// Services are the largest first.
	Services []Service `json:"services"`
	// Sparkline is the volume of the largest services over time, without empty buckets.
	Sparkline     []ServiceBucket `json:"sparkline"`
	TotalServices int             `json:"total_services"`
	Summary       ServicesSummary `json:"summary"`
}

// Service is what a service has logged.
type Service struct {
	ServiceName string `json:"service_name"`
	LogCount    int64  `json:"log_count"`
	// ErrorCount are those of the levels error and fatal, ErrorRate their share, from 0
	// to 1.
	ErrorCount int64   `json:"error_count"`
	ErrorRate  float64 `json:"error_rate"`
	// VolumeSharePct is the share of all logs, from 0 to 100.
	VolumeSharePct    float64           `json:"volume_share_pct"`
	SeverityBreakdown SeverityBreakdown `json:"severity_breakdown"`
	// ActiveRules is always empty: Docket drops nothing.
	ActiveRules []struct{} `json:"active_rules"`
}

// SeverityBreakdown is how many logs are how severe. Debug includes trace and those of
// no known severity, Error includes fatal.
type SeverityBreakdown struct {
	Debug int64 `json:"debug"`
	Info  int64 `json:"info"`
	Warn  int64 `json:"warn"`
	Error int64 `json:"error"`
}

// ServiceBucket is how much a service has logged in a bucket of time.
type ServiceBucket struct {
	Time        string `json:"time"`
	ServiceName string `json:"service_name"`
	Count       int64  `json:"count"`
}

// ServicesSummary is about the largest services together.
type ServicesSummary struct {
	TopServicesCount          int     `json:"top_services_count"`
	TopServicesVolumeSharePct float64 `json:"top_services_volume_share_pct"`
}

// Services tells what each service has logged.
func (a API) Services(ctx context.Context, body Body) (ServicesAnswer, error) {
	q, selected, err := a.ask(body)
	if err != nil {
		return ServicesAnswer{}, err
	}
	contains, err := q.text("serviceNameSearch")
	if err != nil {
		return ServicesAnswer{}, err
	}
	if contains != "" {
		selected.Filter = and(selected.Filter, filter.Contains{Field: serviceField(), Parts: []string{contains}})
	}
	groups, err := a.groups(ctx, logstore.GroupsQuery{
		Selection: selected, By: []filter.Field{serviceField(), {Place: filter.PlaceLevel}}, Limit: levelCount * maxServices,
	})
	if err != nil {
		return ServicesAnswer{}, err
	}
	if groups.TotalGroups > len(groups.Groups) {
		return ServicesAnswer{}, problem("there are more than %d services: narrow by serviceNames, serviceNameSearch or dateRange", maxServices)
	}
	services := servicesOf(groups)
	lines, err := a.serviceLines(ctx, selected, services)
	if err != nil {
		return ServicesAnswer{}, err
	}
	return ServicesAnswer{
		Services: services[:min(maxServices, len(services))], Sparkline: lines, TotalServices: len(services),
		Summary: summaryOf(services, groups.TotalRecords),
	}, nil
}

func serviceField() filter.Field { return filter.Field{Place: filter.PlaceService} }

func and(a, b filter.Expression) filter.Expression {
	if a == nil {
		return b
	}
	return filter.And{a, b}
}

// servicesOf puts groups by service and level together.
func servicesOf(groups logstore.Groups) []Service {
	services := map[string]*Service{}
	for _, group := range groups.Groups {
		name := serviceName(group.Texts[0])
		s := services[name]
		if s == nil {
			s = &Service{ServiceName: name, ActiveRules: []struct{}{}}
			services[name] = s
		}
		s.LogCount += group.Count
		s.ErrorCount += group.Errors
		s.SeverityBreakdown.add(record.Level(group.Texts[1]), group.Count)
	}
	all := []Service{}
	for _, s := range services {
		s.ErrorRate = roundTo(float64(s.ErrorCount)/float64(s.LogCount), 4)
		s.VolumeSharePct = percent(s.LogCount, groups.TotalRecords)
		all = append(all, *s)
	}
	slices.SortFunc(all, func(a, b Service) int {
		return cmp.Or(cmp.Compare(b.LogCount, a.LogCount), strings.Compare(a.ServiceName, b.ServiceName))
	})
	return all
}

func serviceName(name string) string {
	if name == "" {
		return noService
	}
	return name
}

func (s *SeverityBreakdown) add(level record.Level, count int64) {
	switch level {
	case record.LevelInfo:
		s.Info += count
	case record.LevelWarn:
		s.Warn += count
	case record.LevelError, record.LevelFatal:
		s.Error += count
	default:
		s.Debug += count
	}
}

// serviceLines counts the records of the largest services by time.
func (a API) serviceLines(ctx context.Context, selected logstore.Selection, services []Service) ([]ServiceBucket, error) {
	lines := []ServiceBucket{}
	if len(services) == 0 {
		return lines, nil
	}
	var names filter.Services
	for _, s := range services[:min(maxServiceLines, len(services))] {
		names = append(names, storedName(s.ServiceName))
	}
	selected.Filter = and(selected.Filter, names)
	field := serviceField()
	b, err := a.histogram(ctx, selected, sparklineBuckets, &field, true)
	if err != nil {
		return nil, err
	}
	for _, bucket := range b.found {
		lines = append(lines, ServiceBucket{
			Time: bucket.Start.UTC().Format(time.RFC3339), ServiceName: serviceName(bucket.Text), Count: bucket.Count,
		})
	}
	return lines, nil
}

// storedName undoes serviceName.
func storedName(name string) string {
	if name == noService {
		return ""
	}
	return name
}

func summaryOf(services []Service, total int64) ServicesSummary {
	top := services[:min(maxTopServices, len(services))]
	var count int64
	for _, s := range top {
		count += s.LogCount
	}
	return ServicesSummary{TopServicesCount: len(top), TopServicesVolumeSharePct: percent(count, total)}
}

// percent returns a share from 0 to 100 with two digits of fraction.
func percent(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return roundTo(100*float64(part)/float64(whole), 2)
}

func roundTo(value float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(value*scale) / scale
}
