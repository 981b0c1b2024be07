package intake

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// reservedNamespace holds the attributes that only Docket writes.
const reservedNamespace = "docket."

// senderNamespace is where a sender's keys go that would otherwise be taken for
// Docket's own attributes.
const senderNamespace = "sender."

// AttributeName returns the name of the attribute that keeps a key which the
// format does not know. It is the key itself, except that a sender can neither
// write Docket's own attributes nor one without a name.
func AttributeName(key string) string {
	if key == "" || strings.HasPrefix(key, reservedNamespace) {
		return senderNamespace + key
	}
	return key
}

// PutText adds an attribute that stands for field. An empty text adds none. It is
// a problem when an unknown key of the request has taken the attribute's name.
func PutText(attributes pcommon.Map, name, text, field string) error {
	if text == "" {
		return nil
	}
	value, exists := attributes.GetOrPutEmpty(name)
	if exists {
		return Invalid(Field{Name: name, Message: "stands for the same attribute as " + field + ": send only one of them"})
	}
	value.SetStr(text)
	return nil
}
