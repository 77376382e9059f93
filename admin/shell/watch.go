package shell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"

	"mts/admin"
	"mts/core/wire"
)

// screenCommands are the commands that show something repeatedly.
func screenCommands() []command {
	return []command{
		{admin.Command{Name: "top", Help: "shows the sessions on a screen that refreshes; q ends it", Ends: admin.Never}, top},
		{admin.Command{Name: "watch", Args: "[SECONDS] COMMAND...", Offers: "COMMAND...", Help: "runs a command repeatedly; q or Ctrl-C ends it", Ends: admin.Never}, watch},
	}
}

// refreshPeriod is how often watch runs a command by default.
const refreshPeriod = 2 * time.Second

// cutPeriod splits the arguments of watch into SECONDS and COMMAND.
func cutPeriod(words []string) (period time.Duration, command []string, err error) {
	if len(words) == 0 {
		return refreshPeriod, nil, nil
	}
	seconds, err := strconv.ParseFloat(words[0], 64)
	switch {
	case err != nil:
		return refreshPeriod, words, nil
	case !(seconds >= 0.1 && seconds <= 86400):
		err = usagef("watch: %s is not between 0.1 and 86400 seconds", words[0])
	}
	return time.Duration(seconds * float64(time.Second)), words[1:], err
}

// watch runs a command repeatedly.
func watch(ctx context.Context, s *Shell, args []string) error {
	period, words, err := cutPeriod(args)
	switch {
	case err != nil:
		return err
	case len(words) == 0:
		return errUsage
	}
	cmd, err := s.lookup(words[0])
	if err != nil {
		return err
	}
	if cmd.Ends == admin.Never || cmd.Name == "quit" {
		return usagef("watch: %s can't be watched", cmd.Name)
	}
	s.watched = true
	defer func() { s.watched = false }()
	title := fmt.Sprintf("every %s: %s", period, wire.Printable(strings.Join(words, " ")))
	return s.refresh(ctx, period, func(ctx context.Context, _ screen) error {
		if s.tty != nil {
			fmt.Fprintf(s.Stdout, "%s  %s\n\n", time.Now().Format(time.TimeOnly), title)
		}
		return s.start(ctx, cmd, words[1:])
	})
}

// refresh calls draw once in each period until ctx ends. On a terminal draw fills
// the whole screen, and a key ends refresh too.
func (s *Shell) refresh(ctx context.Context, period time.Duration, draw func(context.Context, screen) error) error {
	if s.tty == nil {
		return s.repeat(ctx, period, draw)
	}
	restore := s.openScreen()
	defer restore()
	ctx, cancel := context.WithCancel(ctx)
	pressed := keys(ctx, s.Stdin)
	defer func() {
		cancel()
		for range pressed { // until it is closed
		}
	}()
	resized, stop := resizes()
	defer stop()
	tick := time.NewTicker(period)
	defer tick.Stop()
	for first := true; ; first = false {
		if err := s.draw(ctx, draw); err != nil && (first || ctx.Err() != nil || errors.Is(err, errNoTerminal)) {
			return err
		}
		if !awaitRedraw(ctx, tick.C, resized, pressed) {
			return context.Cause(ctx)
		}
	}
}

func (s *Shell) repeat(ctx context.Context, period time.Duration, draw func(context.Context, screen) error) error {
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		if err := draw(ctx, screen{}); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// awaitRedraw returns true when the screen has to be drawn again, and false when
// it has to be closed.
func awaitRedraw(ctx context.Context, tick <-chan time.Time, resized <-chan os.Signal, pressed <-chan byte) bool {
	for {
		select {
		case <-tick:
			return true
		case <-resized:
			return true
		case <-ctx.Done():
			return false
		case key, ok := <-pressed:
			if !ok {
				pressed = nil
			} else if strings.IndexByte("qQ\x03\x04", key) >= 0 {
				return false
			}
		}
	}
}

// openScreen switches the terminal to its alternate screen, raw, without a cursor
// and without wrapped lines. restore switches back.
func (s *Shell) openScreen() (restore func()) {
	io.WriteString(s.tty, "\x1b[?1049h\x1b[?25l\x1b[?7l")
	raw := func() {}
	if in, ok := terminal(s.Stdin); ok {
		if before, err := term.MakeRaw(int(in.Fd())); err == nil {
			raw = func() { term.Restore(int(in.Fd()), before) }
		}
	}
	return func() {
		io.WriteString(s.tty, "\x1b[?7h\x1b[?25h\x1b[?1049l")
		raw()
	}
}

// errNoTerminal says that the terminal can't be written to any more.
var errNoTerminal = errors.New("the terminal is gone")

// draw fills the screen with what draw writes to s.Stdout, and with its error.
func (s *Shell) draw(ctx context.Context, draw func(context.Context, screen) error) error {
	var b bytes.Buffer
	size := s.screen()
	stdout := s.Stdout
	s.Stdout = &b
	err := draw(ctx, size)
	s.Stdout = stdout
	if err != nil {
		fmt.Fprintln(&b, wire.Printable(err.Error()))
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if size.height > 0 {
		lines = lines[:min(len(lines), size.height-1)]
	}
	// Each line is erased before it is written. Erasing after a line as wide as
	// the screen would remove its last character.
	if _, writeErr := io.WriteString(s.tty, "\x1b[H\x1b[K"+strings.Join(lines, "\r\n\x1b[K")+"\r\n\x1b[J"); writeErr != nil {
		return errNoTerminal
	}
	return err
}
