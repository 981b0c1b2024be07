// Command baresink is where the collector with the file_storage queue exports to: a
// net/http server that reads an OTLP request, keeps nothing, and answers 200. A GET
// asks how many requests there were. The collector exports each record that it
// takes in a request of its own, so that is how many have left its queue.
package main

import (
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

func main() {
	var requests atomic.Int64
	server := &http.Server{
		Addr:              os.Getenv("DOCKET_INGEST_ENDPOINT"),
		ReadHeaderTimeout: 10 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				_, _ = io.WriteString(w, strconv.FormatInt(requests.Load(), 10)) // whoever asked sees that it failed
				return
			}
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				http.Error(w, "the body did not arrive", http.StatusBadRequest)
				return
			}
			requests.Add(1)
			w.Header().Set("Content-Type", "application/x-protobuf") // and an empty answer, which is OTLP's success
		}),
	}
	log.Fatal(server.ListenAndServe())
}
