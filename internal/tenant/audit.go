package tenant

import (
	"strconv"
	"strings"
	"time"
)

// AuditProjectID is the number of the project that has Docket's own audit trail. It is
// far from those that projects get one after the other, and fits in the 31 bits that
// clients keep such numbers in.
//
// No document makes the project: it is there from the start, also while nothing can be
// read, and its number is the same in every Docket.
const AuditProjectID = 2_000_000_000

// AuditProjectName stands for the project in the paths of the API.
const AuditProjectName = "@audit"

const (
	auditProjectUUID  = "00000000-d0c4-8e70-8000-000077359400" // version 8; it ends with the number
	auditProjectTitle = "Docket's audit trail"
)

// NewAuditProject returns the project of the audit trail, which belongs to the default
// organization and was there when that was made. It has no APIToken: only Docket itself
// writes to it.
func NewAuditProject(organizationID string, createdAt time.Time) Project {
	return Project{
		ID: AuditProjectID, UUID: auditProjectUUID, Name: auditProjectTitle, OrganizationID: organizationID, CreatedAt: createdAt,
	}
}

// ReadableProject is Project for what only reads: it also returns the project of the
// audit trail, if the identity may read that. Whatever takes records asks Project, which
// does not know it. Views and alerts are of the project that they read.
func (i *Identity) ReadableProject(name string) (Project, error) {
	asked := name
	if asked == "" {
		asked = i.NamedProject
	}
	if i.AuditTrail != nil && (isAuditProject(asked) || asked == "" && len(i.Projects) == 0) {
		return *i.AuditTrail, nil
	}
	return i.Project(name)
}

func isAuditProject(name string) bool {
	return name == AuditProjectName || name == strconv.Itoa(AuditProjectID) || strings.EqualFold(name, auditProjectUUID)
}
