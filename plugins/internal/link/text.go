package link

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"strconv"
	"time"

	"mts/core"
)

// A payload of texts holds each as its length, a uvarint, and its bytes.
func appendTexts(b []byte, texts []string) []byte {
	for _, t := range texts {
		b = append(binary.AppendUvarint(b, uint64(len(t))), t...)
	}
	return b
}

// Texts are the texts of a payload, from first to last. A missing one is
// empty.
type Texts []byte

// Next returns and removes the next text.
func (t *Texts) Next() string { return string(t.Bytes()) }

// Bytes returns and removes the next text, without a copy.
func (t *Texts) Bytes() []byte {
	n, size := binary.Uvarint(*t)
	if size <= 0 || n > uint64(len(*t)-size) {
		*t = nil
		return nil
	}
	text := (*t)[size:][:n]
	*t = (*t)[uint64(size)+n:]
	return text
}

// Int returns and removes the next text as a number; one that is none is 0.
func (t *Texts) Int() int64 {
	n, _ := strconv.ParseInt(t.Next(), 10, 64)
	return n
}

// Int returns the text of a number.
func Int(n int64) string { return strconv.FormatInt(n, 10) }

// Bool returns the text of a truth value: "" if it is false.
func Bool(b bool) string {
	if b {
		return "true"
	}
	return ""
}

func stamp(t time.Time) string {
	b, _ := t.MarshalBinary()
	return string(b)
}

// Time returns and removes the next text as a time.
func (t *Texts) Time() (at time.Time) {
	_ = at.UnmarshalBinary([]byte(t.Next()))
	return at
}

// SessionTexts returns the texts of a session.
func SessionTexts(s core.Session) []string {
	return []string{strconv.FormatUint(s.ID, 10), s.User, s.Remote, Bool(s.TLS), stamp(s.Since)}
}

// Session returns and removes the texts of a session.
func (t *Texts) Session() core.Session {
	id, _ := strconv.ParseUint(t.Next(), 10, 64)
	return core.Session{ID: id, User: t.Next(), Remote: t.Next(), TLS: t.Next() != "", Since: t.Time()}
}

// InfoTexts returns the texts of a file's description.
func InfoTexts(i core.Info) []string {
	return []string{i.Name, Int(i.Size), stamp(i.Modified), Bool(i.Dir), i.ETag}
}

// Info returns and removes the texts of a file's description.
func (t *Texts) Info() core.Info {
	return core.Info{Name: t.Next(), Size: t.Int(), Modified: t.Time(), Dir: t.Next() != "", ETag: t.Next()}
}

// maxText bounds what an error says.
const maxText = 4 << 10

// What kind of error it is that crosses the link.
var kinds = []struct {
	name string
	err  error
}{
	{"usage", core.ErrUsage},
	{"not-exist", fs.ErrNotExist},
	{"permission", fs.ErrPermission},
	{"unsupported", errors.ErrUnsupported},
}

// ErrorTexts returns the three texts of an error, which may be nil.
func ErrorTexts(err error) []string {
	if err == nil {
		return []string{"", "", ""}
	}
	text := err.Error()
	text = text[:min(len(text), maxText)]
	var told *core.Error
	if errors.As(err, &told) {
		return []string{"told", string(told.Code), told.Text[:min(len(told.Text), maxText)]}
	}
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			return []string{k.name, "", text}
		}
	}
	return []string{"other", "", text}
}

// Err returns and removes the texts of an error. The one returned is an
// *core.Error, wraps the sentinel or has the text of the one that was sent.
func (t *Texts) Err() error {
	kind, code, text := t.Next(), t.Next(), t.Next()
	switch kind {
	case "":
		return nil
	case "told":
		return core.Errorf(core.Code(code), "%s", text)
	}
	for _, k := range kinds {
		if k.name == kind {
			return &remoteError{text, k.err}
		}
	}
	return errors.New(text)
}

// A remoteError is an error of the other side that is one of the sentinels.
type remoteError struct {
	text string
	err  error
}

func (e *remoteError) Error() string { return e.text }
func (e *remoteError) Unwrap() error { return e.err }

// FileTexts returns the texts of an open file's description: name, size, mode
// and time.
func FileTexts(i fs.FileInfo) []string {
	return []string{i.Name(), Int(i.Size()), Int(int64(i.Mode())), stamp(i.ModTime())}
}
