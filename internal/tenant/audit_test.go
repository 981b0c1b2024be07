package tenant_test

import (
	"encoding/json"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/tenant"
)

func TestAuditProject(t *testing.T) {
	project := tenant.NewAuditProject("0197d1f2-0000-7000-8000-00000000000c", time.Unix(7, 0))
	require.EqualValues(t, tenant.AuditProjectID, project.ID)
	require.LessOrEqual(t, project.ID, int64(math.MaxInt32), "clients keep numbers in 31 bits")
	id, err := uuid.Parse(project.UUID)
	require.NoError(t, err)
	require.Equal(t, uuid.Version(8), id.Version())
	require.Equal(t, uuid.RFC4122, id.Variant())
	require.Empty(t, project.APIToken, "nobody can write to it")
	text, err := json.Marshal(project)
	require.NoError(t, err)
	require.Contains(t, string(text), `"organization":"0197d1f2-0000-7000-8000-00000000000c"`)
}

func TestReadableProject(t *testing.T) {
	trail := tenant.NewAuditProject("", time.Time{})
	one, two := tenant.Project{ID: 1, UUID: "0197d1f2-0000-7000-8000-00000000000a"}, tenant.Project{ID: 2}
	number := strconv.FormatInt(trail.ID, 10)
	auditor := tenant.Identity{AuditTrail: &trail}
	admin := tenant.Identity{AuditTrail: &trail, Projects: []tenant.Project{one, two}}
	ofOne := tenant.Identity{AuditTrail: &trail, Projects: []tenant.Project{one}}
	other := tenant.Identity{Projects: []tenant.Project{one}}
	tests := []struct {
		name          string
		by            tenant.Identity
		header, asked string
		want          int64
		reason        tenant.Reason
	}{
		{"by number", admin, "", number, trail.ID, 0},
		{"by UUID", admin, "", trail.UUID, trail.ID, 0},
		{"by UUID in upper case", admin, "", "00000000-D0C4-8E70-8000-000077359400", trail.ID, 0},
		{"by name", admin, "", tenant.AuditProjectName, trail.ID, 0},
		{"by header", admin, number, "", trail.ID, 0},
		{"what is asked for wins over the header", admin, number, "1", 1, 0},
		{"all that the key may use", auditor, "", "", trail.ID, 0},
		{"another one", auditor, "", "1", 0, tenant.ReasonUnknownProject},
		{"it is never chosen beside the only one", ofOne, "", "", 1, 0},
		{"nor among several", admin, "", "", 0, tenant.ReasonProjectRequired},
		{"who may not", other, "", number, 0, tenant.ReasonUnknownProject},
		{"who may not, by header", other, trail.UUID, "", 0, tenant.ReasonUnknownProject},
		{"who may not, by name", other, "", tenant.AuditProjectName, 0, tenant.ReasonUnknownProject},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.by.NamedProject = test.header
			project, err := test.by.ReadableProject(test.asked)
			if test.reason != 0 {
				requireReason(t, err, test.reason, "project")
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, project.ID)
		})
	}
}

// What takes records asks Project.
func TestNobodyWritesToTheAuditProject(t *testing.T) {
	trail := tenant.NewAuditProject("", time.Time{})
	for _, by := range []tenant.Identity{
		{Admin: true, AuditTrail: &trail, Projects: []tenant.Project{{ID: 1}}},
		{Scopes: []tenant.Scope{tenant.ScopeAll}, AuditTrail: &trail},
	} {
		for _, name := range []string{strconv.FormatInt(trail.ID, 10), trail.UUID, tenant.AuditProjectName} {
			_, err := by.Project(name)
			requireReason(t, err, tenant.ReasonUnknownProject, "project")
		}
	}
	_, err := (&tenant.Identity{AuditTrail: &trail}).Project("")
	requireReason(t, err, tenant.ReasonUnknownProject, "project")
}
