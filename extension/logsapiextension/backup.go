package logsapiextension

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/docketlog/docket/internal/audittrail"
	"github.com/docketlog/docket/internal/tenant"
)

// backupRetry is when to try again after a backup that found no moment.
const backupRetry = 30 * time.Second

// backupRoutes are those of docs/backup.md.
func (e *endpoints) backupRoutes() []route {
	return []route{{path: "/api/backup", shape: postHogShape, unbounded: true, methods: map[string]endpoint{
		http.MethodGet: e.guard(e.getBackup),
	}}}
}

// getBackup streams a backup.
func (e *endpoints) getBackup(w http.ResponseWriter, r *http.Request, caller *tenant.Identity) error {
	if !caller.Admin {
		return &tenant.Error{Reason: tenant.ReasonMissingScope, Message: "only the admin key may make a backup"}
	}
	if e.backups == nil {
		return &problem{
			status: http.StatusNotImplemented, code: codeNotImplemented,
			detail: "The configured log store makes no backups.",
		}
	}
	answer, err := newStreamedAnswer(w, "application/x-tar", time.Now().UTC().Format(backupName))
	if err != nil {
		return err
	}
	return e.stream(r, answer, "A backup was cut short", func(ctx context.Context, w io.Writer) error {
		err := backupProblem(e.backups.Backup(ctx, w))
		e.note(r, audittrail.Event{Action: audittrail.ActionBackup, Failure: failureOf(r, err)})
		return err
	})
}

// backupProblem says what a store that is behind means for a backup: the request
// itself has no deadline, so that it is the store's.
func backupProblem(err error) error {
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &problem{
		status: http.StatusServiceUnavailable, code: codeUnavailable, retryAfter: backupRetry,
		detail: "What is acknowledged was not applied in time, so that there was no moment for a backup. " +
			"Please try again when the store is less busy.",
	}
}

// backupName is the layout of the file names, in UTC.
const backupName = "docket-backup-20060102T150405Z.tar"
