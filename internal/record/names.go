package record

// Names of the attributes that Docket reads and writes. OpenTelemetry semantic
// conventions are used wherever one exists; the rest is in the docket namespace.
const (
	// AttributeID is the record's id: a lower-case UUIDv7. Log attribute, string.
	AttributeID = "log.record.uid"
	// AttributeClientRecordID is the id that a sender gave to a record, which got
	// a new one here. Log attribute, string.
	AttributeClientRecordID = "docket.client.record_uid"
	// AttributeHash is the record's hash: 64 lower-case hex digits. Log
	// attribute, string; not part of the canonical bytes.
	AttributeHash = "docket.record.hash"
	// AttributeAlertMatches holds the ids of the alert rule versions that a
	// record matches. Log attribute, slice of strings; not part of the canonical
	// bytes, because it is added after the hash.
	AttributeAlertMatches = "docket.alert.matches"
	// AttributeProjectID is the project (tenant). Resource attribute, int.
	AttributeProjectID = "docket.project.id"
	// AttributeSource is the format by which a record came: one of the Source
	// constants. Log attribute, string.
	AttributeSource = "docket.source"

	// AttributeIdempotencyKey is the Idempotency-Key of the request by which a
	// record came, AttributeRequestDigest the SHA-256 of that request's source and
	// decompressed body in lower-case hex, AttributeRequestPosition the record's
	// place in the request, from 0. Log attributes, string, string and int; absent
	// when there was no key. The store recognizes a repeated request by them.
	AttributeIdempotencyKey  = "docket.request.idempotency_key"
	AttributeRequestDigest   = "docket.request.digest"
	AttributeRequestPosition = "docket.request.position"

	// AttributeActorType is "user" or "system". Log attribute, string.
	AttributeActorType = "docket.actor.type"
	// AttributeActorDescription describes an actor that is not a user.
	AttributeActorDescription = "docket.actor.description"
	// AttributeExternalID is the customer's workspace that an audit event
	// belongs to; always a string, `1` and `"1"` are the same.
	AttributeExternalID = "docket.external_id"
	// AttributeTags is a slice of strings.
	AttributeTags = "docket.tags"

	// AttributeUserID, AttributeUserName and AttributeUserEmail name the user
	// who acted.
	AttributeUserID    = "user.id"
	AttributeUserName  = "user.full_name"
	AttributeUserEmail = "user.email"

	// AttributeClientAddress and AttributeUserAgent describe the client.
	AttributeClientAddress = "client.address"
	AttributeUserAgent     = "user_agent.original"

	// AttributeServiceName is the service. Resource attribute, string.
	AttributeServiceName = "service.name"
)

// Values of AttributeSource.
const (
	SourceLogSentry = "logsentry"
	SourceLogHub    = "loghub"
	SourceCodeMash  = "codemash"
	SourceOTLP      = "otlp"
	// SourceDocket is that of the records that Docket itself makes: its audit trail, and what
	// happens to alerts.
	SourceDocket = "docket"
)
