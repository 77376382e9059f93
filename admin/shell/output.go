package shell

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"mts/admin"
	"mts/core/wire"
)

// An output shows the rows of one answer, in the format that the operator
// wants.
type output interface {
	row(json.RawMessage) error
	end() error // after the last row
}

// output returns what shows the rows of a command.
func (s *Shell) output(c admin.Command) output {
	w, screen := s.Stdout, s.screen()
	switch {
	case s.Format == "json":
		return jsonOutput{w}
	case s.Format == "csv":
		return newCSVOutput(w, c.Columns)
	case c.Ends == admin.Never:
		return changes{lineOutput{w, screen, c.Columns}, w}
	case c.Columns != nil:
		return changes{newTableOutput(w, screen, c.Columns), w}
	}
	return changes{&objectOutput{w: w, screen: screen}, w}
}

// A jsonOutput shows each row as the server sent it, on a line of its own.
type jsonOutput struct{ w io.Writer }

func (o jsonOutput) row(raw json.RawMessage) error {
	_, err := fmt.Fprintf(o.w, "%s\n", wire.PrintableJSON(raw))
	return err
}

func (o jsonOutput) end() error { return nil }

// A csvOutput shows each row as a record, under a header.
type csvOutput struct {
	w      *csv.Writer
	fields []string // empty: those of the first row
	headed bool
}

func newCSVOutput(w io.Writer, columns []admin.Column) *csvOutput {
	o := &csvOutput{w: csv.NewWriter(w)}
	for _, c := range columns {
		o.fields = append(o.fields, c.Field)
	}
	return o
}

func (o *csvOutput) row(raw json.RawMessage) error {
	r, err := parseRow(raw)
	if err != nil {
		return err
	}
	if len(o.fields) == 0 || !o.headed && isChange(raw) {
		o.fields = r.names
	}
	o.header()
	record := make([]string, len(o.fields))
	for i, field := range o.fields {
		record[i] = csvCell(r.values[field])
	}
	o.w.Write(record)
	o.w.Flush() // the next row may take long
	return o.w.Error()
}

func (o *csvOutput) header() {
	if !o.headed && len(o.fields) > 0 {
		o.w.Write(o.fields)
	}
	o.headed = true
}

func (o *csvOutput) end() error {
	o.header()
	o.w.Flush()
	return o.w.Error()
}

// csvCell returns a value that is safe in a spreadsheet: printable, and text never
// a formula.
func csvCell(v any) string {
	s := wire.Printable(text(v))
	if _, number := v.(json.Number); !number && s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		return "'" + s
	}
	return s
}

// A tableOutput shows the rows as a table.
type tableOutput struct {
	table
	columns []admin.Column
}

func newTableOutput(w io.Writer, screen screen, columns []admin.Column) *tableOutput {
	o := &tableOutput{table: table{w: w, screen: screen}}
	for _, c := range columns {
		if c.Kind != admin.Hidden {
			o.columns = append(o.columns, c)
			o.table.columns = append(o.table.columns, column{c.Head, kinds[c.Kind].right, c.Elastic})
		}
	}
	return o
}

func (o *tableOutput) row(raw json.RawMessage) error {
	r, err := parseRow(raw)
	cells := make([]string, len(o.columns))
	for i, c := range o.columns {
		cells[i] = r.cell(c)
	}
	o.add(cells...)
	return err
}

// An objectOutput shows each row as a list of its fields, a blank line between
// two rows.
type objectOutput struct {
	w      io.Writer
	screen screen
	rows   int
}

func (o *objectOutput) row(raw json.RawMessage) error {
	r, err := parseRow(raw)
	if err != nil {
		return err
	}
	if o.rows++; o.rows > 1 {
		fmt.Fprintln(o.w)
	}
	t := table{w: o.w, screen: o.screen, columns: []column{{}, {elastic: true}}, bare: true}
	for _, f := range r.flatten() {
		t.add(f[0], f[1])
	}
	return t.end()
}

func (o *objectOutput) end() error { return nil }

// A lineOutput shows each row at once on a line of its own, without the columns
// that are empty.
type lineOutput struct {
	w       io.Writer
	screen  screen
	columns []admin.Column
}

func (o lineOutput) row(raw json.RawMessage) error {
	r, err := parseRow(raw)
	if err != nil {
		return err
	}
	var words []string
	for _, c := range o.columns {
		if word := r.cell(c); word != "" {
			words = append(words, o.screen.paint(wire.Printable(word), false))
		}
	}
	_, err = fmt.Fprintln(o.w, strings.Join(words, " "))
	return err
}

func (o lineOutput) end() error { return nil }

// changes shows in words how much a command has changed, and other rows as its
// output does.
type changes struct {
	output
	w io.Writer
}

func (o changes) row(raw json.RawMessage) error {
	if !isChange(raw) {
		return o.output.row(raw)
	}
	r, err := parseRow(raw)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(o.w, affected(r))
	return err
}

// isChange reports whether a row is an admin.Affected.
func isChange(raw json.RawMessage) bool { return bytes.HasPrefix(raw, []byte(`{"affected"`)) }

// maxIDs is how many ids of changed sessions are shown.
const maxIDs = 20

func affected(r row) string {
	ids, _ := r.values["ids"].([]any)
	s := r.text("affected") + " affected"
	if len(ids) > 0 {
		s += ": " + wire.Printable(text(ids[:min(len(ids), maxIDs)]))
	}
	if len(ids) > maxIDs {
		s += " …"
	}
	return s
}
