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

	"mts/core/wire"
)

// screenCommands show something again and again.
func screenCommands() []command {
	return []command{
		{name: "top", usage: "top", help: "a screen of what the sessions do, which refreshes; q ends it", run: top, endless: true},
		{name: "watch", usage: "watch [SECONDS] COMMAND", help: "runs a command again and again; q or Ctrl-C ends it", run: watch, endless: true,
			view: view{complete: completeWatch}},
	}
}

func completeWatch(ctx context.Context, s *Shell, words []string, begun string) []string {
	words = words[1:]
	if len(words) > 0 {
		if _, err := strconv.ParseFloat(words[0], 64); err == nil {
			words = words[1:]
		}
	}
	return s.candidates(words, begun)
}

// every is how often screens refresh by default.
const every = 2 * time.Second

// watch runs a command every SECONDS.
func watch(ctx context.Context, s *Shell, words []string) error {
	words, period := words[1:], every
	if len(words) > 0 {
		if seconds, err := strconv.ParseFloat(words[0], 64); err == nil {
			if seconds < 0.1 || seconds > 86400 {
				return usagef("watch: %s is not between 0.1 and 86400 seconds", words[0])
			}
			words, period = words[1:], time.Duration(seconds*float64(time.Second))
		}
	}
	if len(words) == 0 {
		return usagef("usage: watch [SECONDS] COMMAND")
	}
	cmd, err := s.lookup(words[0])
	if err != nil {
		return err
	}
	if cmd.endless || cmd.name == "quit" {
		return usagef("watch: %s can't be watched", cmd.name)
	}
	s.watching = true
	defer func() { s.watching = false }()
	title := fmt.Sprintf("every %s: %s", period, wire.Printable(strings.Join(words, " ")))
	return s.refresh(ctx, period, func(ctx context.Context, _ screen) error {
		if s.tty != nil {
			fmt.Fprintf(s.Stdout, "%s  %s\n\n", time.Now().Format(time.TimeOnly), title)
		}
		return cmd.run(ctx, s, append([]string{cmd.name}, words[1:]...))
	})
}

// refresh calls draw again and again: on a terminal to fill the screen until a
// key ends it, elsewhere to write one output behind the other.
func (s *Shell) refresh(ctx context.Context, period time.Duration, draw func(context.Context, screen) error) error {
	if s.tty == nil {
		return s.repeat(ctx, period, draw)
	}
	restore := s.takeScreen()
	defer restore()
	ctx, cancel := context.WithCancel(ctx)
	typed := keys(ctx, s.Stdin)
	defer func() {
		cancel()
		for range typed { // wait for its end
		}
	}()
	resized, stop := resizes()
	defer stop()
	tick := time.NewTicker(period)
	defer tick.Stop()
	for first := true; ; first = false {
		if err := s.draw(ctx, draw); err != nil && (first || ctx.Err() != nil || errors.Is(err, errGone)) {
			return err
		}
		if !idle(ctx, tick.C, resized, typed) {
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

// idle waits until the screen is to be drawn again, or false if it is to be
// left.
func idle(ctx context.Context, tick <-chan time.Time, resized <-chan os.Signal, typed <-chan byte) bool {
	for {
		select {
		case <-tick:
			return true
		case <-resized:
			return true
		case <-ctx.Done():
			return false
		case key, ok := <-typed:
			if !ok {
				typed = nil
			} else if strings.IndexByte("qQ\x03\x04", key) >= 0 {
				return false
			}
		}
	}
}

// takeScreen takes the terminal over and returns what gives it back: the
// alternate screen, without a cursor and without wrapped lines.
func (s *Shell) takeScreen() (restore func()) {
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

// errGone is that there is no terminal any more to draw on.
var errGone = errors.New("the terminal is gone")

// draw fills the screen with what draw writes, or with its error.
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
	// A line is erased before it is written: behind one that fills the screen's
	// width, erasing would take its last character.
	if _, writeErr := io.WriteString(s.tty, "\x1b[H\x1b[K"+strings.Join(lines, "\r\n\x1b[K")+"\r\n\x1b[J"); writeErr != nil {
		return errGone
	}
	return err
}
