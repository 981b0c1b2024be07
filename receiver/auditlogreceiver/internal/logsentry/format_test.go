package logsentry

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/intake"
)

func TestAcceptedIsWrittenAsMarshaled(t *testing.T) {
	body := Format{}.Accepted(intake.Receipt{Hash: strings.Repeat("0123456789abcdef", 4)})
	want, err := json.Marshal(body)
	require.NoError(t, err)
	assert.Equal(t, "to "+string(want), string(body.(accepted).AppendJSON([]byte("to "))))
}
