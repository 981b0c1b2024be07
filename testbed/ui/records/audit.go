package records

import (
	"fmt"
	"math/rand/v2"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

const (
	auditEvery  = 37
	signInEvery = 53
)

// FailedSignInUser is the id of a user who failed to sign in now and then; his name and
// address are below.
const FailedSignInUser = "42"

type person struct{ id, name, email string }

var people = []person{ //nolint:gochecknoglobals // a table
	{FailedSignInUser, "Jo Wick", "jo@example.com"},
	{"7", "Amara Okafor", "amara@example.com"},
	{"19", "Søren Kierk", "soren@example.com"},
	{"23", "Łukasz Żak", "lukasz@example.com"},
	{"88", "Renée O'Connor", "renee@example.com"},
}

// change is an audit event with what was and what is.
type change struct {
	action, targetType, target string
	before, after              map[string]any
}

var changes = []change{ //nolint:gochecknoglobals // a table
	{"settings.updated", "settings", "theme", map[string]any{"theme": "dark", "density": "wide"}, map[string]any{"theme": "light", "density": "wide"}},
	{"invoice.deleted", "invoice", "INV-1009", map[string]any{"number": "INV-1009", "total": 129.9, "paid": false}, nil},
	{"member.invited", "member", "new@example.com", nil, map[string]any{"email": "new@example.com", "roles": []any{"viewer", "billing"}}},
	{
		"role.updated", "role", "support",
		map[string]any{"name": "support", "permissions": []any{"read", "comment"}, "limits": map[string]any{"exports": 5, "rows": 1000}},
		map[string]any{"name": "support", "permissions": []any{"read", "comment", "refund"}, "limits": map[string]any{"exports": 50, "rows": 1000}},
	},
	{"document.renamed", "document", "contract.pdf", map[string]any{"name": "contract.pdf"}, map[string]any{"name": "contract-final.pdf"}},
	{"product.priced", "product", "SKU-3f9a21", map[string]any{"price": 19.99, "currency": "EUR"}, map[string]any{"price": 24.5, "currency": "EUR"}},
}

// fillAudit makes an audit event with the attributes that one in LogHub's format gets.
func fillAudit(record plog.LogRecord, random *rand.Rand) {
	severity(record, "INFO")
	who, what := pick(random, people), pick(random, changes)
	actor(record, random, what.action, who)
	record.Body().SetStr(what.action)
	attributes := record.Attributes()
	attributes.PutStr("metadata.target_type", what.targetType)
	attributes.PutStr("metadata.target_name", what.target)
	state(attributes, "metadata.old", what.before)
	state(attributes, "metadata.new", what.after)
}

// fillSignIn makes a sign-in, most of which succeed.
func fillSignIn(record plog.LogRecord, random *rand.Rand, number int) {
	who := people[number%len(people)]
	failed := number%3 == 0
	actor(record, random, "user.signed_in", who)
	severity(record, "INFO")
	record.Body().SetStr(who.name + " signed in")
	record.Attributes().PutStr("metadata.outcome", "success")
	if failed {
		severity(record, "WARN")
		record.SetEventName("user.sign_in_failed")
		record.Body().SetStr("Sign-in failed for " + who.email + ": wrong password")
		record.Attributes().PutStr("metadata.outcome", "failure")
		record.Attributes().PutStr("metadata.reason", "wrong password")
	}
}

// actor says who did something, and in which workspace.
func actor(record plog.LogRecord, random *rand.Rand, action string, who person) {
	record.SetEventName(action)
	attributes := record.Attributes()
	attributes.PutStr("docket.actor.type", "user")
	attributes.PutStr("user.id", who.id)
	attributes.PutStr("user.full_name", who.name)
	attributes.PutStr("user.email", who.email)
	attributes.PutStr("docket.external_id", fmt.Sprintf("workspace-%d", random.IntN(9)))
	attributes.PutStr("client.address", fmt.Sprintf("203.0.113.%d", random.IntN(256)))
	attributes.PutStr("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")
	tags := attributes.PutEmptySlice("docket.tags")
	tags.AppendEmpty().SetStr("production")
}

// state puts what was or is; nothing when there was nothing.
func state(attributes pcommon.Map, name string, of map[string]any) {
	if of == nil {
		return
	}
	// These are maps of texts, numbers and lists, which all can be put.
	_ = attributes.PutEmptyMap(name).FromRaw(of)
}
