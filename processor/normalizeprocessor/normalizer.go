package normalizeprocessor

import (
	"context"
	"net"
	"time"

	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/tenant"
)

// normalizer completes records. It keeps no state between batches.
type normalizer struct {
	// defaultProject is Config.DefaultProject.
	defaultProject int64
}

// process returns logs with every record sealed, or an error that makes the
// receiver refuse the whole batch. It decides about all of the batch before it
// changes any of it.
func (n normalizer) process(ctx context.Context, logs plog.Logs) (plog.Logs, error) {
	identity, err := identityOf(ctx)
	if err != nil {
		return logs, err
	}
	// A resource without records need not name a project.
	logs.ResourceLogs().RemoveIf(func(resource plog.ResourceLogs) bool { return countRecords(resource) == 0 })
	projects := make([]int64, logs.ResourceLogs().Len())
	for i, resource := range logs.ResourceLogs().All() {
		if err := checkDepth(resource); err != nil {
			return logs, err
		}
		if projects[i], err = n.projectOf(identity, resource); err != nil {
			return logs, err
		}
	}
	seals := seals{witness: record.WitnessOf(ctx), sealer: record.NewSealer(time.Now(), logs.LogRecordCount())}
	address := hostOf(client.FromContext(ctx).Addr)
	for i, resource := range logs.ResourceLogs().All() {
		normalize(resource, projects[i], address, &seals)
	}
	return logs, nil
}

// identityOf returns whom the records come from, or nil when no authenticator of
// ours stands before the pipeline.
func identityOf(ctx context.Context) (*tenant.Identity, error) {
	identity, ok := tenant.FromContext(ctx)
	if !ok {
		return nil, nil
	}
	if err := identity.MayIngest(); err != nil {
		return nil, refuse(err)
	}
	return identity, nil
}

// seals tells which records of a batch are sealed, and seals the others.
type seals struct {
	// witness is that of the receiver, which sealed them; or nil.
	witness *record.Witness
	sealer  *record.Sealer
	// asked is how many records of the batch were asked about.
	asked int
}

// has reports whether the next record is sealed.
func (s *seals) has(r record.Record) bool {
	s.asked++
	return s.witness.Confirms(s.asked-1, r) || record.Verify(r)
}

// normalize puts the records of one resource into the project and seals those
// that are not sealed. The address is the client's, without a port; "" when it is not known.
func normalize(resource plog.ResourceLogs, project int64, address string, seals *seals) {
	// The hash covers the resource, so ask before it changes.
	sealed := make([]bool, 0, countRecords(resource))
	for r := range record.AllOf(resource) {
		sealed = append(sealed, seals.has(r))
	}
	moved := putProject(resource.Resource(), project)
	i := 0
	for r := range record.AllOf(resource) {
		// Only the alerting processor, which comes later, may say what matches.
		// The tag is outside of the hash.
		r.Log.Attributes().Remove(record.AttributeAlertMatches)
		switch {
		case !sealed[i]:
			complete(r, address)
			seals.sealer.Seal(r)
		case moved:
			record.Reseal(r)
		}
		i++
	}
}

func countRecords(resource plog.ResourceLogs) int {
	count := 0
	for _, scope := range resource.ScopeLogs().All() {
		count += scope.LogRecords().Len()
	}
	return count
}

// addedAttributes is how many attributes a record gets on its way through Docket: where it
// comes from, the address, the id, the hash and the alerts that it matches.
const addedAttributes = 5

// complete gives a record that is not sealed what it lacks before it is.
func complete(r record.Record, address string) {
	completeSeverity(r.Log)
	attributes := r.Log.Attributes()
	attributes.Remove(record.AttributeHash)
	attributes.EnsureCapacity(attributes.Len() + addedAttributes)
	attributes.PutStr(record.AttributeSource, record.SourceOTLP)
	if _, given := attributes.Get(record.AttributeClientAddress); !given && address != "" {
		attributes.PutStr(record.AttributeClientAddress, address)
	}
}

// completeSeverity sets a missing severity number from the text. A text that
// means nothing to us stays, with no number.
func completeSeverity(log plog.LogRecord) {
	if log.SeverityNumber() != plog.SeverityNumberUnspecified {
		return
	}
	if number, ok := record.ParseSeverity(log.SeverityText()); ok {
		log.SetSeverityNumber(number)
	}
}

// hostOf returns the host of a network address without its port, or "" when it
// has none, as a Unix socket.
func hostOf(address net.Addr) string {
	var ip net.IP
	switch address := address.(type) {
	case *net.TCPAddr: // gRPC
		ip = address.IP
	case *net.IPAddr: // HTTP
		ip = address.IP
	}
	if ip == nil {
		return ""
	}
	return ip.String()
}
