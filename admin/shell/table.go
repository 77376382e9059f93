package shell

import (
	"cmp"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"

	"mts/core/wire"
)

// A column is a column of a table.
type column struct {
	head    string
	right   bool // aligned to the right, as numbers are
	elastic bool // may be cut where the terminal is too narrow
}

// minWidth is the least width of an elastic column.
const minWidth = 6

// gap separates two columns.
const gap = "  "

// A table collects its rows: only the last one decides how wide the columns are.
type table struct {
	w       io.Writer
	screen  screen
	columns []column
	bare    bool // without the headings
	cells   [][]string
}

// A screen is where tables are shown.
type screen struct {
	width, height int // in cells; 0: no limit
	color         bool
}

// add adds a row, in which an empty cell is "-".
func (t *table) add(cells ...string) {
	for i, c := range cells {
		cells[i] = wire.Printable(cmp.Or(c, "-"))
	}
	t.cells = append(t.cells, cells)
}

// end writes the table, unless it is empty.
func (t *table) end() error {
	if len(t.cells) == 0 {
		return nil
	}
	widths := t.fit()
	var b strings.Builder
	if !t.bare {
		t.line(&b, t.heads(), widths, true)
	}
	for _, cells := range t.cells {
		t.line(&b, cells, widths, false)
	}
	_, err := io.WriteString(t.w, b.String())
	return err
}

func (t *table) heads() []string {
	heads := make([]string, len(t.columns))
	for i, c := range t.columns {
		heads[i] = c.head
	}
	return heads
}

// fit returns the widths of the columns, which are those of their widest cells. If
// the table is wider than the screen, the widest elastic columns get narrower.
func (t *table) fit() []int {
	widths := make([]int, len(t.columns))
	total := len(gap) * (len(widths) - 1)
	for i := range widths {
		widths[i] = len(t.columns[i].head)
		for _, cells := range t.cells {
			widths[i] = max(widths[i], runewidth.StringWidth(cells[i]))
		}
		total += widths[i]
	}
	for ; t.screen.width > 0 && total > t.screen.width; total-- {
		widest := -1
		for i, c := range t.columns {
			if c.elastic && widths[i] > minWidth && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
	}
	return widths
}

// line appends one line of the table, cut at the edge of the screen.
func (t *table) line(b *strings.Builder, cells []string, widths []int, head bool) {
	room := t.screen.width
	if room == 0 {
		room = 1 << 30
	}
	for i, cell := range cells {
		if i > 0 {
			b.WriteString(gap[:min(len(gap), room)])
			room -= min(len(gap), room)
		}
		if room == 0 {
			break
		}
		width := min(widths[i], room)
		room -= width
		cell = runewidth.Truncate(cell, width, "…")
		pad := strings.Repeat(" ", max(0, width-runewidth.StringWidth(cell)))
		if i == len(cells)-1 && !t.columns[i].right {
			pad = ""
		}
		cell = t.screen.paint(cell, head)
		if t.columns[i].right {
			cell, pad = pad, cell
		}
		b.WriteString(cell + pad)
	}
	b.WriteByte('\n')
}

// colors are those of words that an operator should notice.
var colors = map[string]string{
	"sending": "32", "running": "36", "handshake": "33", "login": "33", "closing": "31",
	"failed": "31", "refused": "31", "kick": "31", "ban": "31",
}

// paint colors a heading, and the words that have a color.
func (s screen) paint(cell string, head bool) string {
	code := colors[cell]
	if head {
		code = "1"
	}
	if !s.color || code == "" {
		return cell
	}
	return "\x1b[" + code + "m" + cell + "\x1b[0m"
}
