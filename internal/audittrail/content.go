package audittrail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/redact"
)

const (
	// maxMemberBytes is how much of JSON a member of what was and is may have; of a larger
	// one, its size and SHA-256 are recorded.
	maxMemberBytes = 8 << 10
	// maxContentBytes bounds all members together.
	maxContentBytes = 64 << 10
	// maxDepth is how deep values are kept as such; what is below is kept as JSON text.
	maxDepth = 12
)

// members are those of a JSON object, decoded with numbers as they were written.
type members map[string]any

// decodeMembers returns the members of what encode has made of a value; nil for nothing.
func decodeMembers(encoded []byte) (members, error) {
	if encoded == nil {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	var decoded members
	if err := decoder.Decode(&decoded); err != nil {
		return nil, fmt.Errorf("not an object: %w", err)
	}
	return decoded, nil
}

// onlyDifferences leaves in both what differs, if there are both.
func onlyDifferences(before, after members) {
	if before == nil || after == nil {
		return
	}
	for name, was := range before {
		if is, ok := after[name]; ok && reflect.DeepEqual(was, is) {
			delete(before, name)
			delete(after, name)
		}
	}
}

// content puts members into maps of attributes.
type content struct {
	redactor *redact.Redactor
	// left is how many bytes of JSON may still be put.
	left int
}

// put adds the members, in the order of their names.
func (c *content) put(to pcommon.Map, from members) error {
	for _, name := range slices.Sorted(maps.Keys(from)) {
		encoded, err := json.Marshal(from[name])
		if err != nil {
			return fmt.Errorf("encode the member %q: %w", name, err)
		}
		to := to.PutEmpty(c.text(name))
		if len(encoded) > maxMemberBytes || len(encoded) > c.left {
			putOmitted(to, encoded)
			continue
		}
		c.left -= len(encoded)
		c.putValue(to, name, from[name], 0)
	}
	return nil
}

// putOmitted tells of a member that is too large: enough to recognize it by.
func putOmitted(to pcommon.Value, encoded []byte) {
	digest := sha256.Sum256(encoded)
	omitted := to.SetEmptyMap()
	omitted.PutInt("omitted_bytes", int64(len(encoded)))
	omitted.PutStr("sha256", hex.EncodeToString(digest[:]))
}

// putValue puts the value of a member without secrets.
func (c *content) putValue(to pcommon.Value, name string, value any, depth int) {
	if isSecret(name) && value != nil && value != "" {
		to.SetStr(redact.Replacement)
		return
	}
	switch value := value.(type) {
	case nil:
	case string:
		to.SetStr(c.text(withoutPath(name, value)))
	case bool:
		to.SetBool(value)
	case json.Number:
		putNumber(to, value)
	case []any:
		if depth == maxDepth {
			c.putEncoded(to, value)
			return
		}
		list := to.SetEmptySlice()
		for _, item := range value {
			c.putValue(list.AppendEmpty(), name, item, depth+1)
		}
	case map[string]any:
		if depth == maxDepth {
			c.putEncoded(to, value)
			return
		}
		object := to.SetEmptyMap()
		for _, name := range slices.Sorted(maps.Keys(value)) {
			c.putValue(object.PutEmpty(c.text(name)), name, value[name], depth+1)
		}
	}
}

// putEncoded puts a value as JSON text. What json has decoded, it can encode.
func (c *content) putEncoded(to pcommon.Value, value any) {
	encoded, _ := json.Marshal(value)
	to.SetStr(c.text(string(encoded)))
}

func (c *content) text(text string) string {
	return strings.ToValidUTF8(c.redactor.Text(text), "\ufffd")
}

func putNumber(to pcommon.Value, number json.Number) {
	if integer, err := number.Int64(); err == nil {
		to.SetInt(integer)
		return
	}
	if float, err := number.Float64(); err == nil {
		to.SetDouble(float)
		return
	}
	to.SetStr(number.String()) // more than a float64 has
}

// isSecret reports whether a member of Docket's own objects holds a secret.
func isSecret(name string) bool {
	return name == "routing_key" || redact.IsSecretName(name)
}

// withoutPath leaves of the address of a webhook what is no secret, as the API does.
func withoutPath(name, text string) string {
	if name != "url" && !strings.HasSuffix(name, "_url") {
		return text
	}
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" {
		return redact.Replacement
	}
	return parsed.Scheme + "://" + parsed.Host + "/…"
}
