package normalizeprocessor

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/tenant"
)

const secondUUID = "0198c2f0-0000-7000-8000-000000000002"

// identityFor returns an identity that may write to the projects.
func identityFor(projects ...int64) *tenant.Identity {
	identity := &tenant.Identity{Scopes: []tenant.Scope{tenant.ScopeWrite}}
	for _, id := range projects {
		project := tenant.Project{ID: id}
		if id == 2 {
			project.UUID = secondUUID
		}
		identity.Projects = append(identity.Projects, project)
	}
	return identity
}

func TestProject(t *testing.T) {
	number := func(id int64) func(pcommon.Map) {
		return func(m pcommon.Map) { m.PutInt(record.AttributeProjectID, id) }
	}
	text := func(name string) func(pcommon.Map) {
		return func(m pcommon.Map) { m.PutStr(record.AttributeProjectID, name) }
	}
	absent := func(pcommon.Map) {}
	header := identityFor(1, 2)
	header.NamedProject = "2"
	readOnly := identityFor(1)
	readOnly.Scopes = []tenant.Scope{tenant.ScopeRead}
	token := identityFor(1)
	token.Scopes = []tenant.Scope{tenant.ScopeIngest}

	tests := map[string]struct {
		identity       *tenant.Identity
		defaultProject int64
		put            func(resource pcommon.Map)
		want           int64
		code           codes.Code
		message        string
	}{
		"the key's only project":          {identity: identityFor(5), put: absent, want: 5},
		"a project's api token":           {identity: token, put: absent, want: 1},
		"named by the sender":             {identity: identityFor(1, 2), put: number(2), want: 2},
		"named as text":                   {identity: identityFor(1, 2), put: text("2"), want: 2},
		"named by UUID":                   {identity: identityFor(1, 2), put: text(secondUUID), want: 2},
		"named by a header":               {identity: header, put: absent, want: 2},
		"named by both":                   {identity: header, put: number(1), want: 1},
		"named with an empty text":        {identity: identityFor(5), put: text(""), want: 5},
		"named with an empty value":       {identity: identityFor(5), put: func(m pcommon.Map) { m.PutEmpty(record.AttributeProjectID) }, want: 5},
		"the default is not for keys":     {identity: identityFor(5), defaultProject: 3, put: absent, want: 5},
		"no key, named":                   {put: number(7), want: 7},
		"no key, named as text":           {put: text("7"), want: 7},
		"no key, default":                 {defaultProject: 3, put: absent, want: 3},
		"no key, named, default":          {defaultProject: 3, put: number(7), want: 7},
		"another's project":               {identity: identityFor(1), put: number(2), code: codes.PermissionDenied, message: `project "2" does not exist or the key may not use it`},
		"project 0":                       {identity: identityFor(1), put: number(0), code: codes.PermissionDenied, message: `project "0" does not exist`},
		"a key without projects":          {identity: identityFor(), put: absent, code: codes.PermissionDenied, message: "may use no project"},
		"a key that may only read":        {identity: readOnly, put: absent, code: codes.PermissionDenied, message: `the key needs the scope "logs:write"`},
		"several projects, none named":    {identity: identityFor(1, 2), put: absent, code: codes.InvalidArgument, message: "the resource attribute docket.project.id or the header Docket-Project-Id"},
		"no key, no project":              {put: absent, code: codes.InvalidArgument, message: "set default_project"},
		"no key, not a number":            {put: text("seven"), code: codes.InvalidArgument, message: `docket.project.id is "seven"`},
		"no key, project 0":               {put: number(0), code: codes.InvalidArgument, message: "a number from 1"},
		"no key, negative":                {put: number(-1), code: codes.InvalidArgument, message: "a number from 1"},
		"no key, beyond 64 bits":          {put: text("9223372036854775808"), code: codes.InvalidArgument, message: "a number from 1"},
		"a value that names no project":   {identity: identityFor(1), put: func(m pcommon.Map) { m.PutEmptyMap(record.AttributeProjectID) }, code: codes.InvalidArgument, message: "not a value of type Map"},
		"no key, a value of another type": {put: func(m pcommon.Map) { m.PutBool(record.AttributeProjectID, true) }, code: codes.InvalidArgument, message: "not a value of type Bool"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			if test.identity != nil {
				ctx = tenant.NewContext(ctx, test.identity)
			}
			logs, sink := newProcessor(t, &Config{DefaultProject: test.defaultProject})
			err := logs.ConsumeLogs(ctx, oneRecord(func(r record.Record) { test.put(r.Resource.Attributes()) }))
			if test.code != codes.OK {
				requireRefusal(t, err, test.code, test.message)
				assert.Zero(t, sink.LogRecordCount())
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.want, received(t, sink).ProjectID())
			assert.True(t, record.Verify(received(t, sink)))
		})
	}
}

func requireRefusal(t *testing.T, err error, code codes.Code, message string) {
	t.Helper()
	require.ErrorContains(t, err, message)
	assert.True(t, consumererror.IsPermanent(err))
	found, ok := status.FromError(err)
	require.True(t, ok)
	assert.Equal(t, code, found.Code())
	assert.Equal(t, err.Error(), found.Message(), "the client reads only this")
}

// A batch is refused whole, before any of it was changed.
func TestNothingOfARefusedBatchIsPassedOn(t *testing.T) {
	input := plog.NewLogs()
	for _, project := range []int64{1, 2} {
		oneRecord(func(r record.Record) {
			r.Resource.Attributes().PutInt(record.AttributeProjectID, project)
			r.Log.SetSeverityText("info")
		}).ResourceLogs().MoveAndAppendTo(input.ResourceLogs())
	}
	before := plog.NewLogs()
	input.CopyTo(before)

	logs, sink := newProcessor(t, &Config{})
	err := logs.ConsumeLogs(tenant.NewContext(t.Context(), identityFor(1)), input)
	requireRefusal(t, err, codes.PermissionDenied, `project "2"`)
	assert.Empty(t, sink.AllLogs())
	assert.Equal(t, before, input)
}

func TestARefusalKeepsItsCause(t *testing.T) {
	logs, _ := newProcessor(t, &Config{})
	err := logs.ConsumeLogs(tenant.NewContext(t.Context(), identityFor()), oneRecord(func(record.Record) {}))
	var denied *tenant.Error
	require.ErrorAs(t, err, &denied)
	assert.Equal(t, tenant.ReasonUnknownProject, denied.Reason)
}

func TestEveryReasonHasACode(t *testing.T) {
	reasons := map[tenant.Reason]codes.Code{
		tenant.ReasonMissingCredentials: codes.Unauthenticated,
		tenant.ReasonInvalidCredentials: codes.Unauthenticated,
		tenant.ReasonMissingScope:       codes.PermissionDenied,
		tenant.ReasonWrongOrganization:  codes.PermissionDenied,
		tenant.ReasonUnknownProject:     codes.PermissionDenied,
		tenant.ReasonNotFound:           codes.PermissionDenied,
		tenant.ReasonProjectRequired:    codes.InvalidArgument,
		tenant.ReasonInvalid:            codes.InvalidArgument,
	}
	for reason, code := range reasons {
		requireRefusal(t, refuse(&tenant.Error{Reason: reason, Message: "no"}), code, "no")
	}
	requireRefusal(t, refuse(errors.New("broken")), codes.Internal, "broken")
}

// Auth data of another authenticator is no identity.
func TestAnotherAuthenticator(t *testing.T) {
	ctx := client.NewContext(t.Context(), client.Info{Auth: otherAuth{}})
	logs, sink := newProcessor(t, &Config{DefaultProject: 3})
	require.NoError(t, logs.ConsumeLogs(ctx, oneRecord(func(record.Record) {})))
	assert.Equal(t, int64(3), received(t, sink).ProjectID())
}

type otherAuth struct{}

func (otherAuth) GetAttribute(string) any     { return nil }
func (otherAuth) GetAttributeNames() []string { return nil }
