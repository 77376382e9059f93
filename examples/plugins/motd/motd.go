// Package motd shows the message of the day at each login.
//
// The message goes to the session as notices, one a line: to programs in block
// mode, and to whoever said OPTS NOTICES ON before AUTH. Anybody can ask for it
// later:
//
//	C: MOTD
//	S: Backups at noon. Expect slow downloads.
//	S: #Lines: 1.
//
// One of these settings says what the message is; without any there is none:
//
//	[plugins.motd]
//	text = "Backups at noon. Expect slow downloads."
//	path = "pub/motd.txt"   # a file of the exports, read anew at each login
//
// The file is opened with the rights of the account that logs in. If it can't
// be read, the log says why and the login goes on. The first 10 lines of the
// first 4 KiB are the message.
package motd

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"mts/core"
)

const (
	maxBytes = 4 << 10
	maxLines = 10
)

var text, path string // the settings

// Configure takes the settings.
func Configure(settings map[string]any) error {
	text, path = "", ""
	known := map[string]*string{"text": &text, "path": &path}
	for name, value := range settings {
		s, ok := value.(string)
		if !ok {
			return fmt.Errorf("%s is not a text in quotes", name)
		}
		setting, ok := known[name]
		if !ok {
			return fmt.Errorf("unknown setting %s; there are text and path", name)
		}
		*setting = s
	}
	if text != "" && path != "" {
		return errors.New("text and path are both set; one is the message")
	}
	return nil
}

// Commands returns MOTD.
func Commands() []core.Command {
	return []core.Command{{Verb: "MOTD", Help: "shows the message of the day", Run: motd}}
}

// Hooks returns the hook of logins.
func Hooks() core.Hooks {
	return core.Hooks{Login: login}
}

func motd(c *core.Call) error {
	lines, err := message(c)
	if err != nil {
		return err
	}
	for _, line := range lines {
		c.Printf("%s\n", line)
	}
	c.Reply("Lines: %d.", len(lines))
	return nil
}

// login never refuses a login, even if the message can't be read.
func login(c *core.Call) error {
	lines, err := message(c)
	if err != nil {
		c.Logf("read the message of the day: %v", err)
	}
	self := fmt.Sprint("id=", c.Session().ID)
	for _, line := range lines {
		if _, err := c.Notify(self, line); err != nil {
			c.Logf("send the message of the day: %v", err)
		}
	}
	return nil
}

// message returns the lines of the message.
func message(c *core.Call) ([]string, error) {
	all := text
	if path != "" {
		b, err := read(c)
		if err != nil {
			return nil, err
		}
		all = string(b)
	}
	all = strings.TrimSpace(strings.ReplaceAll(all, "\r\n", "\n"))
	if all == "" {
		return nil, nil
	}
	lines := strings.Split(all, "\n")
	return lines[:min(len(lines), maxLines)], nil
}

func read(c *core.Call) ([]byte, error) {
	f, err := c.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxBytes))
}
