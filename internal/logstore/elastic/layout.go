package elastic

// Fields of a document.
const (
	// fieldTimestamp is the timestamp to the millisecond, 1970 if there is none: for
	// histograms, for skipping indices and for people.
	fieldTimestamp = "@timestamp"
	// fieldTime is the timestamp in nanoseconds minus 2^63, so that all that fit into a
	// record fit into a long and sort: the exact order.
	fieldTime = "time"
	// fieldObservedTime is the observed time in the same form, left out when there is none.
	fieldObservedTime = "observed_time"
	// fieldProject is the project's number, a long.
	fieldProject = "project_id"

	// These are keywords with the texts of filter.Field, left out when there is none.
	fieldID             = "id"
	fieldHash           = "hash"
	fieldLevel          = "level"
	fieldSeverityNumber = "severity_number"
	fieldService        = "service"
	fieldEventName      = "event_name"
	fieldTraceID        = "trace_id"
	fieldSpanID         = "span_id"

	// fieldTerms has, for each attribute that a filter.Field can find, "place.key=text":
	// the place is "attributes" or "resource", and the key is that of escapeKey. Maps are
	// found too, and everything in them by its path. With doc values. See type lists.
	fieldTerms = "terms"
	// fieldFolded has those of fieldTerms of which the text changes by filter.Fold, with
	// the folded text, to be searched without regard to case. So a condition that a text
	// contains a folded part is one on either.
	fieldFolded = "folded_terms"
	// fieldNumbers has those of fieldTerms of which the text is a number, with the number
	// as 16 hex digits that sort as numbers do.
	fieldNumbers = "numbers"
	// fieldKeys has "place.key" of what Analyst.Keys counts, not escaped. With doc values.
	fieldKeys = "keys"
	// fieldWords has the folded words of the body's text: see wordsOf.
	fieldWords = "words"
	// fieldBodyBytes is how many bytes the body's text has, a long that is not indexed but
	// has doc values: for Bucket.BodyBytes.
	fieldBodyBytes = "body_bytes"
	// fieldCut names what is too long for the lists and not in them whole, by the name of
	// the field (as "service" or "attributes.key", not escaped; "body" for words), or by
	// "attributes" or "resource" alone when not even that can be said: see type lists.
	fieldCut = "cut"

	// fieldRecord is the record as OTLP/JSON, and fieldProtobuf, instead, as OTLP in base64
	// when JSON cannot tell it exactly. Neither is indexed.
	fieldRecord   = "record"
	fieldProtobuf = "record_protobuf"
)

// maxTermBytes is the size of the longest text in a list; a keyword may have 32766.
const maxTermBytes = 8191
