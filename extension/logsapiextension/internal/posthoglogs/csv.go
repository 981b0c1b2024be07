package posthoglogs

import (
	"io"
	"strconv"
	"strings"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

// csvWriter writes RFC 4180: a line of names, then a line for each record, each ended
// by CR LF. Texts are as they are, with their own line ends, which the standard
// library's writer would change; but those that a spreadsheet would take for a formula
// get an apostrophe in front.
type csvWriter struct {
	w       io.Writer
	columns []column
	buffer  []byte
}

func (c *csvWriter) begin() error {
	names := make([]string, len(c.columns))
	for i, column := range c.columns {
		names[i] = column.name
	}
	return c.line(names)
}

func (c *csvWriter) write(r record.Record) error {
	cells := make([]string, len(c.columns))
	for i, column := range c.columns {
		text, err := cellOf(column.value(r))
		if err != nil {
			return err
		}
		cells[i] = text
	}
	return c.line(cells)
}

func (*csvWriter) end() error { return nil }

func (c *csvWriter) line(cells []string) error {
	c.buffer = c.buffer[:0]
	for i, cell := range cells {
		if i > 0 {
			c.buffer = append(c.buffer, ',')
		}
		c.buffer = appendCell(c.buffer, cell)
	}
	if len(c.buffer) == 0 { // an empty line would be no record
		c.buffer = append(c.buffer, `""`...)
	}
	c.buffer = append(c.buffer, "\r\n"...)
	_, err := c.w.Write(c.buffer)
	return err
}

// cellOf returns a value as a text: nothing for none, and JSON for what is not a text.
func cellOf(value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "", nil
	case string:
		return withoutFormula(v), nil
	case int32:
		return strconv.Itoa(int(v)), nil
	default:
		text, err := marshal(v)
		return string(text), err
	}
}

// withoutFormula puts an apostrophe in front of a text that starts as a formula does
// in a spreadsheet, unless it is a number.
func withoutFormula(text string) string {
	if text == "" || !strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return text
	}
	if _, ok := filter.Number(text); ok {
		return text
	}
	return "'" + text
}

func appendCell(dst []byte, text string) []byte {
	if !strings.ContainsAny(text, "\",\r\n") && strings.TrimSpace(text) == text {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	dst = append(dst, strings.ReplaceAll(text, `"`, `""`)...)
	return append(dst, '"')
}
