package clientcmd

import (
	"encoding/json"
	"io"

	"mts/core/wire"
)

// writeJSON writes v on a line. What isn't printable is escaped: the line may
// go to a terminal.
func writeJSON(w io.Writer, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(wire.PrintableJSON(data), '\n'))
	return err
}
