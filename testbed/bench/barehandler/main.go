// Command barehandler is what Docket's ingest is measured against: a net/http
// server that decodes LogSentry bodies into a struct, or OTLP into what the collector
// has for it, and answers in LogSentry's shape. It checks no key, keeps nothing and syncs
// nothing, so no server on net/http that decodes its requests can be much faster.
package main

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
)

// event is a LogSentry event.
type event struct {
	Project int64          `json:"project"`
	Level   int            `json:"level"`
	Message string         `json:"msg"`
	App     string         `json:"app"`
	Context map[string]any `json:"context"`
	User    map[string]any `json:"user"`
	Request map[string]any `json:"request"`
}

func main() {
	answer := []byte(`{"status":"ok","hash":"` + strings.Repeat("0", 64) + `"}`)
	server := &http.Server{
		Addr:              os.Getenv("DOCKET_INGEST_ENDPOINT"),
		ReadHeaderTimeout: 10 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			decode := decodeJSON
			if r.Header.Get("Content-Type") == "application/x-protobuf" {
				decode = decodeOTLP
			}
			if err := decode(r.Body); err != nil {
				http.Error(w, "send LogSentry events or OTLP", http.StatusBadRequest)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(answer) // a client that has gone away needs none
		}),
	}
	log.Fatal(server.ListenAndServe())
}

// decodeJSON decodes one event or several.
func decodeJSON(body io.Reader) error {
	decoder := json.NewDecoder(body)
	for events := 0; ; events++ {
		var received event
		err := decoder.Decode(&received)
		if events > 0 && errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if received.Message == "" {
			return errors.New("an event has no message")
		}
	}
}

func decodeOTLP(body io.Reader) error {
	received, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	return plogotlp.NewExportRequest().UnmarshalProto(received)
}
