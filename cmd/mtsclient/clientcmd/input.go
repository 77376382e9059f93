package clientcmd

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// byteOrderMark begins the text files of some editors.
const byteOrderMark = "\ufeff"

// addInput adds the paths of --input to args.
func (a *app) addInput(args []string) ([]string, error) {
	if a.input == "" {
		return args, nil
	}
	text, err := a.readInput()
	if err != nil {
		return nil, usageError{fmt.Errorf("--input: %w", err)}
	}
	for line := range strings.Lines(strings.TrimPrefix(string(text), byteOrderMark)) {
		if path := strings.TrimRight(line, "\r\n"); path != "" {
			args = append(args, path)
		}
	}
	return args, nil
}

func (a *app) readInput() ([]byte, error) {
	if a.input == "-" {
		return io.ReadAll(a.stdin)
	}
	return os.ReadFile(a.input)
}
