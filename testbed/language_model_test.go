package testbed

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
)

// newLanguageModel starts a server that speaks chat completions, as far as Docket asks for
// them. Its answers are numbered, so that one made anew is told from one that was kept, and
// hold markup, which is to be shown as text. Of a record that says so it refuses to speak.
func newLanguageModel(t *testing.T) *httptest.Server {
	t.Helper()
	var answered atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		question, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		if strings.Contains(string(question), "the model is to fail") {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		content, err := json.Marshal(map[string]any{
			"headline":            fmt.Sprintf("Explanation %d of a refused charge", answered.Add(1)),
			"severity_assessment": "error",
			"impact_summary":      "One customer could not pay.",
			"probable_causes": []map[string]string{
				{"hypothesis": "The issuer refused the card", "confidence": "high", "reasoning": "The record says so."},
				{"hypothesis": "A fraud rule", "confidence": "low", "reasoning": "Nothing points to it."},
			},
			"immediate_actions": []map[string]string{
				{"action": "Ask for another card", "priority": "now", "why": "The customer waits."},
				{"action": "Watch the issuer", "priority": "later", "why": "It may be an outage."},
			},
			"technical_explanation": `<img src=x onerror="window.docketWasHacked = true"><script>window.docketWasHacked = true</script>`,
			"key_fields": []map[string]string{
				{"field": "card.issuer", "value": "what the record has counts", "significance": "Who refused", "attribute_type": "log"},
			},
		})
		assert.NoError(t, err)
		w.Header().Set("Content-Type", "application/json")
		assert.NoError(t, json.NewEncoder(w).Encode(map[string]any{
			"object": "chat.completion", "model": "numbered",
			"choices": []map[string]any{{
				"index": 0, "finish_reason": "stop", "message": map[string]string{"role": "assistant", "content": string(content)},
			}},
		}))
	}))
	t.Cleanup(server.Close)
	return server
}
