package embedded

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNoShortInteger(t *testing.T) {
	found, integer := regexp.MustCompile(noShortInteger), regexp.MustCompile(`^-?(0|[1-9][0-9]{0,14})?$`)
	texts := []string{"123456789012345", "1234567890123456", "-123456789012345", "-1234567890123456", "5\n", "\n5", "5\x1f", "5µs", "\x005"}
	var add func(text string)
	add = func(text string) { // all texts of up to five of these
		texts = append(texts, text)
		if len(text) < 5 {
			for _, c := range "-019.k" {
				add(text + string(c))
			}
		}
	}
	add("")
	for _, text := range texts {
		assert.Equal(t, integer.MatchString(text) && text != "-", !found.MatchString(text), "%q", text)
	}
}
