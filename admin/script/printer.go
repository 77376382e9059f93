package script

import (
	"io"
	"io/fs"
	"strings"

	"mts/core/wire"
)

// A printer escapes what isn't printable in the output of a script, except for
// line ends and tabs. It prints nothing once the script is over. A character must
// not be split between two calls of Write.
type printer struct {
	r *runner
	w io.Writer
}

func (p *printer) Write(b []byte) (int, error) {
	p.r.mu.Lock()
	defer p.r.mu.Unlock()
	if p.r.over {
		return len(b), nil
	}
	var out strings.Builder
	s := string(b)
	for i := strings.IndexAny(s, "\n\t"); i >= 0; i = strings.IndexAny(s, "\n\t") {
		out.WriteString(wire.Printable(s[:i]))
		out.WriteByte(s[i])
		s = s[i+1:]
	}
	out.WriteString(wire.Printable(s))
	_, err := io.WriteString(p.w, out.String())
	return len(b), err
}

// noFiles is a file system without files: scripts import only what the runner
// gives them.
type noFiles struct{}

func (noFiles) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}
