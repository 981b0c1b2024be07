// Package alertingextension is the extension `alerting`. It knows the alerts of all
// projects, checks them, and tells people and programs what they do. What an alert means
// is package alert, what checking one is package alert/evaluation, and what telling is
// package alert/notify: here is when and by whom.
package alertingextension

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml
