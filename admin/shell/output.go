package shell

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"mts/admin"
	"mts/core/wire"
)

// An output shows the rows of one answer in the format that the operator wants.
type output interface {
	row(row) error
	end() error // after the last row
}

// show returns a function that shows a row of a command's answer, and one to call
// after the last row.
func (s *Shell) show(c admin.Command) (each func(json.RawMessage) error, end func() error) {
	w := s.Stdout
	if s.Format == "json" {
		return func(raw json.RawMessage) error {
			_, err := fmt.Fprintf(w, "%s\n", wire.PrintableJSON(raw))
			return err
		}, func() error { return nil }
	}
	out := s.output(w, c)
	return func(raw json.RawMessage) error {
		r, err := parseRow(raw)
		switch {
		case err != nil:
			return err
		case s.Format == "table" && r.isChange():
			_, err := fmt.Fprintln(w, affected(r))
			return err
		}
		return out.row(r)
	}, out.end
}

func (s *Shell) output(w io.Writer, c admin.Command) output {
	switch {
	case s.Format == "csv":
		return newCSVOutput(w, c.Columns)
	case c.Ends == admin.Never:
		return lineOutput{w, s.screen(), c.Columns}
	case c.Columns != nil:
		return newTableOutput(w, s.screen(), c.Columns)
	}
	return &objectOutput{w: w, screen: s.screen()}
}

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

func (o *csvOutput) row(r row) error {
	if len(o.fields) == 0 || !o.headed && r.isChange() {
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

func (o *tableOutput) row(r row) error {
	cells := make([]string, len(o.columns))
	for i, c := range o.columns {
		cells[i] = r.cell(c)
	}
	o.add(cells...)
	return nil
}

// An objectOutput shows each row as a list of its fields, a blank line between
// two rows.
type objectOutput struct {
	w      io.Writer
	screen screen
	rows   int
}

func (o *objectOutput) row(r row) error {
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

func (o lineOutput) row(r row) error {
	var words []string
	for _, c := range o.columns {
		if word := r.cell(c); word != "" {
			words = append(words, o.screen.paint(wire.Printable(word), false))
		}
	}
	_, err := fmt.Fprintln(o.w, strings.Join(words, " "))
	return err
}

func (o lineOutput) end() error { return nil }

// maxIDs is how many ids of changed sessions are shown.
const maxIDs = 20

// affected tells in words what a command has changed.
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
