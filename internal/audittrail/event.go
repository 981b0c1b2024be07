package audittrail

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/docketlog/docket/internal/tenant"
)

// Action is what was done.
type Action string

// The actions that are recorded.
const (
	ActionViewCreate        Action = "view.create"
	ActionViewUpdate        Action = "view.update"
	ActionViewDelete        Action = "view.delete"
	ActionAlertCreate       Action = "alert.create"
	ActionAlertUpdate       Action = "alert.update"
	ActionAlertReset        Action = "alert.reset"
	ActionAlertDelete       Action = "alert.delete"
	ActionDestinationCreate Action = "destination.create"
	ActionDestinationUpdate Action = "destination.update"
	ActionDestinationDelete Action = "destination.delete"
	ActionKeyCreate         Action = "key.create"
	ActionKeyRoll           Action = "key.roll"
	ActionKeyDelete         Action = "key.delete"
	ActionProjectCreate     Action = "project.create"
	ActionDeadLetterReplay  Action = "dead_letter.replay"
	ActionDeadLetterDelete  Action = "dead_letter.delete"
	ActionEmbedTokenCreate  Action = "embed_token.create" //nolint:gosec // no secret
	ActionExport            Action = "records.export"
	ActionBackup            Action = "backup.download"
	ActionSignInFailed      Action = "sign_in.fail"
	// ActionChangesRefused tells how many more changes of somebody were refused; each of
	// the others is told of by the action that it was to be.
	ActionChangesRefused Action = "changes.refuse"
)

// Event is something that was done in Docket, or was tried.
type Event struct {
	Action Action
	Actor  Actor
	Target Target
	Origin Origin
	// Before and After are what the target was and is, as encoding/json writes them: both
	// objects. Nil is nothing: of what is made there is no before. When both are there,
	// only the members that differ are recorded.
	Before, After any
	// Details are further members of the event's metadata, as encoding/json writes them.
	Details map[string]any
	// Failure is why it did not come about, or was refused; "" when it did.
	Failure string
}

// Actor is who acts. The zero value is somebody unknown.
type Actor struct {
	// ID is the key's, "admin" or "configuration".
	ID string
	// Label is the key's.
	Label string
	// Organization is the slug of the key's.
	Organization string
}

const (
	// adminActor is the ID of whoever has the admin key.
	adminActor = "admin"
	// configurationActor is that of whoever writes the configuration of Docket.
	configurationActor = "configuration"
)

// Configuration is who makes, changes and removes what the configuration has.
func Configuration() Actor { return Actor{ID: configurationActor, Label: configurationActor} }

// ActorOf returns whom an identity acts for.
func ActorOf(identity *tenant.Identity) Actor {
	actor := Actor{ID: identity.KeyID, Label: identity.Label, Organization: identity.Organization.Slug}
	if identity.Admin {
		actor.ID = adminActor
	}
	return actor
}

// Target is what something was done to.
type Target struct {
	// Type is the first word of the action: "view".
	Type string
	// ID is that by which the API knows it; Name is what people call it.
	ID, Name string
	// ProjectID is the project that it is of; 0 for what is of none.
	ProjectID int64
}

// Origin is where a request came from.
type Origin struct {
	// Address is the client's IP address.
	Address   string
	UserAgent string
	// Method and Path are those of the request. The path has no query.
	Method, Path string
}

// OriginOf returns where a request came from. Forwarded is true behind a proxy that
// appends to X-Forwarded-For, whose last address is then the client's; what is in front
// of that is what the client says itself.
func OriginOf(r *http.Request, forwarded bool) Origin {
	address := r.RemoteAddr
	if hops := r.Header.Values("X-Forwarded-For"); forwarded && len(hops) > 0 {
		address = lastOf(hops[len(hops)-1])
	}
	return Origin{Address: hostOf(address), UserAgent: r.UserAgent(), Method: r.Method, Path: r.URL.Path}
}

// AddressOf returns the IP address of a client; "" for nil.
func AddressOf(address net.Addr) string {
	if address == nil {
		return ""
	}
	return hostOf(address.String())
}

// hostOf returns the address without its port; as it is if it is none.
func hostOf(address string) string {
	if parsed, err := netip.ParseAddrPort(address); err == nil {
		return parsed.Addr().Unmap().String()
	}
	if parsed, err := netip.ParseAddr(address); err == nil {
		return parsed.Unmap().String()
	}
	return address
}

// lastOf returns what is behind the last comma of a list.
func lastOf(list string) string {
	return strings.TrimSpace(list[strings.LastIndexByte(list, ',')+1:])
}
