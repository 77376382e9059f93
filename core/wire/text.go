package wire

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Printable returns s as one line that is safe on a terminal, in a log and in
// a reply. Printable characters stay unchanged. Control characters, including C1
// and bidirectional controls, and bytes that aren't UTF-8 become Go escapes.
func Printable(s string) string {
	i := 0
	for i < len(s) && ' ' <= s[i] && s[i] <= '~' {
		i++
	}
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.WriteString(s[:i])
	for i < len(s) {
		r, size := utf8.DecodeRuneInString(s[i:])
		if unicode.IsGraphic(r) && (r != utf8.RuneError || size > 1) {
			b.WriteString(s[i : i+size])
		} else {
			escape(&b, s[i:i+size])
		}
		i += size
	}
	return b.String()
}

// escape writes one character, or one byte that isn't UTF-8, as a Go escape.
func escape(b *strings.Builder, s string) {
	q := strconv.QuoteToASCII(s)
	b.WriteString(q[1 : len(q)-1])
}

// PrintableJSON returns JSON in which the characters that Printable escapes are
// escaped as JSON does it. JSON itself leaves C1 and bidi controls as they are.
// Newlines, which are always between values, are kept.
func PrintableJSON(text []byte) []byte {
	hidden := func(r rune) bool { return r != '\n' && !unicode.IsGraphic(r) }
	if bytes.IndexFunc(text, hidden) < 0 {
		return text
	}
	var b []byte
	for _, r := range string(text) {
		if !hidden(r) {
			b = utf8.AppendRune(b, r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			b = fmt.Appendf(b, `\u%04x`, unit)
		}
	}
	return b
}

// HasControl reports whether s has a control character (C0, DEL, C1).
func HasControl(s string) bool {
	return strings.ContainsFunc(s, unicode.IsControl)
}

// A Fact is a name and a value in a status line.
type Fact struct{ Name, Value string }

// appendFacts appends facts in the form "[a=b c=d] ". Without facts it appends
// nothing.
func appendFacts(b []byte, facts []Fact) []byte {
	if len(facts) == 0 {
		return b
	}
	b = append(b, '[')
	for i, f := range facts {
		if i > 0 {
			b = append(b, ' ')
		}
		b = appendValue(b, f.Name)
		b = append(b, '=')
		b = appendValue(b, f.Value)
	}
	return append(b, "] "...)
}

// appendValue appends v. Characters that would end a fact, and all that aren't
// printable ASCII, are percent-encoded.
func appendValue(b []byte, v string) []byte {
	for i := range len(v) {
		if c := v[i]; c <= ' ' || c >= 0x7f || c == '%' || c == ']' {
			b = fmt.Appendf(b, "%%%02X", c)
		} else {
			b = append(b, c)
		}
	}
	return b
}

// hasFacts reports whether a client would read the beginning of a text as facts.
func hasFacts(text string) bool {
	facts, _ := parseFacts(text)
	return len(facts) > 0
}

// parseFacts splits "[a=b c=d] text" into the facts and the text. A string of any
// other form is all text.
func parseFacts(s string) (facts []Fact, text string) {
	inner, text, ok := strings.Cut(s, "] ")
	if !ok || inner[:min(1, len(inner))] != "[" {
		return nil, s
	}
	for f := range strings.SplitSeq(inner[1:], " ") {
		name, value, ok := strings.Cut(f, "=")
		value, valid := unescape(value)
		if !ok || !valid || name == "" {
			return nil, s
		}
		facts = append(facts, Fact{name, value})
	}
	return facts, text
}

// unescape undoes appendValue.
func unescape(s string) (string, bool) {
	if !strings.Contains(s, "%") {
		return s, true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		c, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil {
			return "", false
		}
		b.WriteByte(byte(c))
		i += 2
	}
	return b.String(), true
}
