// Package redact takes secrets out of texts before they leave Docket.
//
// It knows secrets by the name of the field that holds them and by how they look. It
// is made to err on the side of taking out too much: what it is for, such as an
// explanation of a log record, can do without a number that only looks like a card's.
package redact

import (
	"regexp"
	"strings"
)

// Replacement stands where a secret was.
const Replacement = "[redacted]"

// Redactor takes secrets out. It is safe for concurrent use.
type Redactor struct {
	rules []rule
}

// Options says what else is a secret.
type Options struct {
	// Emails takes out e-mail addresses too.
	Emails bool
}

// rule is how one kind of secret looks.
type rule struct {
	pattern *regexp.Regexp
	// keep is the group that stays before the secret; 0 is none.
	keep int
	// then is put behind what stands for the secret.
	then string
	// isSecret decides on what matches; nil takes it all.
	isSecret func(match string) bool
}

// New returns a redactor.
func New(options Options) *Redactor {
	rules := []rule{
		// A private key in PEM, whether or not its end is there.
		{pattern: regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)`)},
		// Authorization: Bearer x, with what is behind the scheme, and a scheme alone.
		{pattern: regexp.MustCompile(`(?i)\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?)(?:[a-z-]+\s+)?[^\s"',;}]+`), keep: 1},
		{pattern: regexp.MustCompile(`(?i)\b((?:bearer|basic|digest|negotiate)\s+)[a-z0-9._~+/=-]{8,}`), keep: 1},
		{pattern: regexp.MustCompile(`(?i)\b((?:set-)?cookie["']?\s*[:=]\s*["']?)[^"'\r\n]+`), keep: 1},
		// password=x, "api_key": "x", --token x.
		{pattern: regexp.MustCompile(`(?i)\b([a-z0-9_.-]*(?:` + secretWords + `)["']?\s*(?:[:=]|=>)\s*)(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"'&,;)}\]]+)`), keep: 1},
		{pattern: regexp.MustCompile(`(?i)(--[a-z-]*(?:` + secretWords + `)\s+)\S+`), keep: 1},
		// scheme://user:password@host
		{pattern: regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]*://)[^\s/@:]*:[^\s/@]+@`), keep: 1, then: "@"},
		// A JSON Web Token, and keys by the prefixes that their makers give them.
		{pattern: regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?`)},
		{pattern: regexp.MustCompile(`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`)},
		{pattern: regexp.MustCompile(`\b(?:sk|pk|rk|phc|phx|ghp|gho|ghu|ghs|ghr|glpat|xox[abeprs]|dckt|npm|pypi|hf|AIza|ya29)[-_.]?[A-Za-z0-9_-]{16,}`)},
		{pattern: regexp.MustCompile(`\bgithub_pat_[A-Za-z0-9_]{20,}`)},
		{pattern: regexp.MustCompile(`\b[2-6](?:[ -]?\d){12,18}\b`), isSecret: isCardNumber},
	}
	if options.Emails {
		rules = append(rules, rule{pattern: regexp.MustCompile(`[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+`)})
	}
	return &Redactor{rules}
}

// secretWords are parts of names that hold secrets.
const secretWords = `pass(?:word|wd|phrase|code)?|pwd|secret|token|api[_.-]?key|access[_.-]?key|private[_.-]?key|signing[_.-]?key|` +
	`encryption[_.-]?key|credentials?|client[_.-]?secret|session[_.-]?id|sessionid|otp|pin|cvv|cvc|ssn|iban|auth[_.-]?key`

var secretName = regexp.MustCompile(`(?i)(?:^|[^a-z])(?:` + secretWords + `|authorization|cookie|set-cookie)(?:$|[^a-z])`) //nolint:gochecknoglobals // a constant

// IsSecretName reports whether a field of a name holds a secret, whatever it looks like.
func IsSecretName(name string) bool { return secretName.MatchString(separated(name)) }

// separated writes accessToken as access_token, so that words in a name are apart.
func separated(name string) string {
	var out strings.Builder
	for i, r := range name {
		if i > 0 && 'A' <= r && r <= 'Z' && name[i-1] >= 'a' && name[i-1] <= 'z' {
			out.WriteByte('_')
		}
		out.WriteRune(r)
	}
	return out.String()
}

// Text returns the text without secrets.
func (r *Redactor) Text(text string) string {
	for _, rule := range r.rules {
		text = rule.apply(text)
	}
	return text
}

func (r rule) apply(text string) string {
	matches := r.pattern.FindAllStringSubmatchIndex(text, -1)
	if matches == nil {
		return text
	}
	var out strings.Builder
	end := 0
	for _, match := range matches {
		if r.isSecret != nil && !r.isSecret(text[match[0]:match[1]]) {
			continue
		}
		out.WriteString(text[end:match[0]])
		if r.keep > 0 {
			out.WriteString(text[match[2*r.keep]:match[2*r.keep+1]])
		}
		out.WriteString(Replacement)
		out.WriteString(r.then)
		end = match[1]
	}
	out.WriteString(text[end:])
	return out.String()
}

// isCardNumber reports whether digits, with what separates them, pass the check of ISO
// 7812 (Luhn), and are not all the same.
func isCardNumber(text string) bool {
	sum, count, isSame := 0, 0, true
	var last byte
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] < '0' || text[i] > '9' {
			continue
		}
		isSame = isSame && (count == 0 || text[i] == last)
		last = text[i]
		digit := int(text[i] - '0')
		if count%2 == 1 {
			if digit *= 2; digit > 9 {
				digit -= 9
			}
		}
		sum += digit
		count++
	}
	return !isSame && sum%10 == 0
}
