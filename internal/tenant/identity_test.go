package tenant_test

import (
	"context"
	"net"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"

	"github.com/docketlog/docket/internal/tenant"
)

func requireReason(t *testing.T, err error, reason tenant.Reason, message string) {
	t.Helper()
	var refusal *tenant.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, reason, refusal.Reason)
	require.Contains(t, refusal.Error(), message)
}

func TestCan(t *testing.T) {
	const read, write, ingest, all = tenant.ScopeRead, tenant.ScopeWrite, tenant.ScopeIngest, tenant.ScopeAll
	tests := []struct {
		name     string
		identity tenant.Identity
		can      []tenant.Scope
		cannot   map[tenant.Scope]string // and the scope that the error names
	}{
		{"admin", tenant.Identity{Admin: true}, []tenant.Scope{read, write, ingest, all}, nil},
		{"all", tenant.Identity{Scopes: []tenant.Scope{all}}, []tenant.Scope{read, write, ingest, all}, nil},
		{
			"write",
			tenant.Identity{Scopes: []tenant.Scope{write}},
			[]tenant.Scope{read, write, ingest},
			map[tenant.Scope]string{all: `"*"`},
		},
		{
			"read",
			tenant.Identity{Scopes: []tenant.Scope{read}},
			[]tenant.Scope{read},
			map[tenant.Scope]string{write: `"logs:write"`, ingest: `"logs:write"`, all: `"*"`},
		},
		{
			"ingest",
			tenant.Identity{Scopes: []tenant.Scope{ingest}},
			[]tenant.Scope{ingest},
			map[tenant.Scope]string{read: `"logs:read"`, write: `"logs:write"`, all: `"*"`},
		},
		{
			"none",
			tenant.Identity{},
			nil,
			map[tenant.Scope]string{read: `"logs:read"`, write: `"logs:write"`, ingest: `"logs:write"`, all: `"*"`},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, scope := range test.can {
				require.NoError(t, test.identity.Can(scope), scope)
			}
			for scope, named := range test.cannot {
				requireReason(t, test.identity.Can(scope), tenant.ReasonMissingScope, named)
			}
		})
	}
}

func TestMayIngest(t *testing.T) {
	require.NoError(t, (&tenant.Identity{Scopes: []tenant.Scope{tenant.ScopeIngest}}).MayIngest())
	requireReason(t, (&tenant.Identity{Scopes: []tenant.Scope{tenant.ScopeRead}}).MayIngest(), tenant.ReasonMissingScope, "logs:write")
	throttled := &tenant.ThrottledError{RequestsPerSecond: 2.5, RetryAfter: time.Second}
	for _, by := range []tenant.Identity{{Admin: true}, {}} {
		by.Throttled = throttled
		require.Equal(t, error(throttled), by.MayIngest())
	}
	var refusal *tenant.Error
	require.NotErrorAs(t, error(throttled), &refusal)
	require.ErrorContains(t, throttled, "more requests than the 2.5 a second")
}

func TestSubject(t *testing.T) {
	token := tenant.Identity{Projects: []tenant.Project{{UUID: "u"}}}
	require.Equal(t, "project:u", token.Subject())
	require.Equal(t, "key:k", (&tenant.Identity{KeyID: "k", Projects: token.Projects}).Subject())
	require.Equal(t, "key:", (&tenant.Identity{}).Subject())
	require.Equal(t, "admin", (&tenant.Identity{Admin: true, Projects: token.Projects}).Subject())
}

func TestProject(t *testing.T) {
	one := tenant.Project{ID: 1, UUID: "0197d1f2-0000-7000-8000-00000000000a", Name: "One"}
	two := tenant.Project{ID: 2, UUID: "0197d1f2-0000-7000-8000-00000000000b", Name: "2nd"}
	ten := tenant.Project{ID: 10, UUID: "0197d1f2-0000-7000-8000-00000000000c", Name: "1"}
	all := []tenant.Project{one, two, ten}
	tests := []struct {
		name     string
		projects []tenant.Project
		header   string
		asked    string
		want     int64
		reason   tenant.Reason
	}{
		{"the only one", []tenant.Project{two}, "", "", 2, 0},
		{"several", all, "", "", 0, tenant.ReasonProjectRequired},
		{"none", nil, "", "", 0, tenant.ReasonUnknownProject},
		{"by id", all, "", "2", 2, 0},
		{"by UUID", all, "", two.UUID, 2, 0},
		{"by UUID in upper case", all, "", "0197D1F2-0000-7000-8000-00000000000B", 2, 0},
		{"header by id", all, "10", "", 10, 0},
		{"header by UUID", all, one.UUID, "", 1, 0},
		{"what is asked for wins over the header", all, "1", "2", 2, 0},
		{"header of the only one", []tenant.Project{two}, "2", "", 2, 0},
		{"header of another", []tenant.Project{two}, "1", "", 0, tenant.ReasonUnknownProject},
		{"another", []tenant.Project{two}, "", "1", 0, tenant.ReasonUnknownProject},
		{"beginning of an id", all, "", "1x", 0, tenant.ReasonUnknownProject},
		{"beginning of a UUID", all, "", one.UUID[:8], 0, tenant.ReasonUnknownProject},
		{"names are no ids", all, "", "One", 0, tenant.ReasonUnknownProject},
		{"zero", all, "", "0", 0, tenant.ReasonUnknownProject},
		{"negative", all, "", "-1", 0, tenant.ReasonUnknownProject},
		{"fraction", all, "", "1.0", 0, tenant.ReasonUnknownProject},
		{"beyond int64", all, "", "18446744073709551617", 0, tenant.ReasonUnknownProject},
		{"space", all, "", " ", 0, tenant.ReasonUnknownProject},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			identity := tenant.Identity{Projects: test.projects, NamedProject: test.header}
			project, err := identity.Project(test.asked)
			if test.reason != 0 {
				requireReason(t, err, test.reason, "project")
				require.Zero(t, project)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, project.ID)
		})
	}
}

func TestContext(t *testing.T) {
	_, ok := tenant.FromContext(context.Background())
	require.False(t, ok)

	address := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}
	ctx := client.NewContext(context.Background(), client.Info{
		Addr: address, Metadata: client.NewMetadata(map[string][]string{"a": {"b"}}),
	})
	identity := &tenant.Identity{KeyID: "id"}
	ctx = tenant.NewContext(ctx, identity)
	found, ok := tenant.FromContext(ctx)
	require.True(t, ok)
	require.Same(t, identity, found)
	info := client.FromContext(ctx)
	require.Equal(t, address, info.Addr, "the rest of the client's info stays")
	require.Equal(t, []string{"b"}, info.Metadata.Get("a"))
}

func TestAttributes(t *testing.T) {
	identity := &tenant.Identity{
		KeyID:        "id",
		Label:        "shop",
		Scopes:       []tenant.Scope{tenant.ScopeRead, tenant.ScopeWrite},
		Organization: tenant.Organization{ID: "uuid", Slug: "acme"},
		Projects:     []tenant.Project{{ID: 1}, {ID: 20}},
	}
	want := map[string]any{
		"key_id":       "id",
		"label":        "shop",
		"organization": "acme",
		"scopes":       []string{"logs:read", "logs:write"},
		"projects":     []string{"1", "20"},
	}
	require.Len(t, identity.GetAttributeNames(), len(want))
	for _, name := range identity.GetAttributeNames() {
		require.Equal(t, want[name], identity.GetAttribute(name), name)
	}
	require.Nil(t, identity.GetAttribute("token"))
}

func TestNewToken(t *testing.T) {
	pattern := regexp.MustCompile(`^phx_[A-Za-z0-9_-]{43}$`)
	seen := map[string]bool{}
	for range 1000 {
		token := tenant.NewToken(tenant.KeyPrefix)
		require.Regexp(t, pattern, token)
		require.False(t, seen[token])
		seen[token] = true
	}
}

func TestMaskToken(t *testing.T) {
	require.Equal(t, "phx_...wxyz", tenant.MaskToken("phx_abcdefghijklmnopqrstuvwxyz"))
	require.Equal(t, "...", tenant.MaskToken("a short secret"), "the ends of a short secret would be most of it")
	require.Equal(t, "...", tenant.MaskToken(""))
}

func TestUnavailableIsNoRefusal(t *testing.T) {
	var err error = &tenant.UnavailableError{Reason: "no store", RetryAfter: time.Second}
	require.EqualError(t, err, "keys cannot be checked now: no store")
	var refusal *tenant.Error
	require.NotErrorAs(t, err, &refusal)
}
