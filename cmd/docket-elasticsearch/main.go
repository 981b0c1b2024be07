// Command docket-elasticsearch prints what Docket needs in a cluster of Elasticsearch or
// OpenSearch, for operators who make it themselves (setup: off).
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	documents "github.com/docketlog/docket/internal/docstore/elastic"
	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/logstore/elastic"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

const usage = `Prints what Docket needs in a cluster of Elasticsearch or OpenSearch.

  docket-elasticsearch print-setup [flags]

print-setup prints the requests that make it, in the form of the console of Kibana and
OpenSearch Dashboards, for an account that may make templates and indices. Docket itself
then needs "setup: off". Send them once, and again after an update of Docket.

Flags:
`

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(arguments []string, stdout, stderr io.Writer) int {
	options := newOptions(stderr)
	if len(arguments) == 0 || arguments[0] != "print-setup" {
		options.flags.Usage()
		return exitUsage
	}
	switch err := options.flags.Parse(arguments[1:]); {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	case options.flags.NArg() > 0:
		_, _ = fmt.Fprintf(stderr, "unknown argument %q\n", options.flags.Arg(0))
		return exitUsage
	}
	requests, err := options.requests()
	if err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return exitUsage
	}
	if err := write(stdout, requests); err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return exitFailed
	}
	return exitOK
}

// options are those of print-setup; they have the names of the configuration's.
type options struct {
	flags           *flag.FlagSet
	product, prefix string
	indices         elastic.IndexConfig
}

func newOptions(stderr io.Writer) *options {
	o := &options{flags: flag.NewFlagSet("docket-elasticsearch", flag.ContinueOnError)}
	o.flags.SetOutput(stderr)
	o.flags.Usage = func() {
		_, _ = io.WriteString(stderr, usage)
		o.flags.PrintDefaults()
	}
	o.flags.StringVar(&o.product, "product", string(elasticsearch.Elasticsearch), "what the cluster runs: elasticsearch or opensearch")
	o.flags.StringVar(&o.prefix, "index-prefix", "docket", "begins all names")
	o.flags.IntVar(&o.indices.Shards, "shards", 1, "number of primary shards of each day's index")
	o.flags.Func("replicas", "number of copies of each shard (default one as soon as there are two nodes)", func(text string) error {
		if number, err := strconv.Atoi(text); err != nil || number < 0 {
			return errors.New("write a number")
		}
		o.indices.Replicas = text
		return nil
	})
	o.flags.DurationVar(&o.indices.MaxAge, "lifecycle-age", 0, `age at which the cluster deletes an index, such as 720h (default never)`)
	return o
}

// requests are those that make everything.
func (o *options) requests() ([]elastic.Request, error) {
	product := elasticsearch.Product{Name: elasticsearch.Name(o.product)}
	switch product.Name {
	case elasticsearch.Elasticsearch:
		product.Major = 9
	case elasticsearch.OpenSearch:
		product.Major = 3
	default:
		return nil, fmt.Errorf("product: write elasticsearch or opensearch, not %q", o.product)
	}
	if o.indices.MaxAge != 0 && o.indices.MaxAge < 24*time.Hour {
		return nil, fmt.Errorf("lifecycle-age: write at least 24h, not %s", o.indices.MaxAge)
	}
	requests, err := elastic.SetupRequests(elastic.Config{Prefix: o.prefix, Indices: o.indices}, product)
	if err != nil {
		return nil, err
	}
	index, body := documents.Definition(o.prefix)
	return append(requests, elastic.Request{Method: http.MethodPut, Path: "/" + index, Body: body}), nil
}

func write(w io.Writer, requests []elastic.Request) error {
	var text bytes.Buffer
	for _, request := range requests {
		fmt.Fprintf(&text, "%s %s\n", request.Method, request.Path)
		if err := json.Indent(&text, request.Body, "", "  "); err != nil {
			return fmt.Errorf("print the body of %s: %w", request.Path, err)
		}
		text.WriteString("\n\n")
	}
	_, err := w.Write(text.Bytes())
	return err
}
