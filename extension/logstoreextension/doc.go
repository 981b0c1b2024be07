// Package logstoreextension is the log_store extension. It owns the data folder:
// the journal and the backend that together are the log store, and the document
// store. Other components find it by its configured id and use Extension.
package logstoreextension

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml
