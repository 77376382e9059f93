package events_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"mts/core/events"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newLog returns a log that is fed from, and that writes from level on.
func newLog(f *events.Feed, level slog.Level) (*slog.Logger, *bytes.Buffer) {
	var out bytes.Buffer
	return slog.New(f.Handler(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: level}))), &out
}

// Log lines become events, whatever the log shows of them.
func TestEvents(t *testing.T) {
	for _, test := range []struct {
		msg  string
		args []any
		want events.Event
	}{
		{"connect", []any{"session", uint64(7), "remote", "[::ffff:10.0.0.1]:99", "tls", "TLS 1.3"},
			events.Event{Event: "connect", Session: 7, Client: "10.0.0.1"}},
		{"login", []any{"session", 7, "remote", "[fe80::1%eth0]:9", "user", "a\x1b[31mnn"},
			events.Event{Event: "login", Session: 7, Client: "fe80::1", User: `a\x1b[31mnn`}},
		{"refused", []any{"remote", "pipe", "reason", "handshake", "err", errors.New("EOF\r\n")},
			events.Event{Event: "refused", Client: "pipe", Error: `handshake: EOF\r\n`}},
		{"transfer", []any{"user", "ann", "verb", "FILE", "path", "/a b", "bytes", int64(12), "err", nil},
			events.Event{Event: "file", User: "ann", Verb: "FILE", Path: "/a b", Bytes: 12}},
		{"kick", []any{"session", uint64(1), "reason", "idle"}, events.Event{Event: "kick", Session: 1, Error: "idle"}},
		{"disconnect", []any{"code", "timeout", "reason", "Timeout."}, events.Event{Event: "disconnect", Error: "Timeout."}},
		{"plugin", []any{"plugin", "wc", "event", "died", "err", "killed"},
			events.Event{Event: "plugin", Verb: "died", Path: "wc", Error: "killed"}},
		{"command", []any{"verb", "WC", "plugin", "wc", "err", "timeout"},
			events.Event{Event: "plugin", Verb: "WC", Path: "wc", Error: "timeout"}},
		{"reload", []any{"part", "tls", "err", nil}, events.Event{Event: "reload", Path: "tls"}},
	} {
		var feed events.Feed
		log, out := newLog(&feed, slog.LevelError)
		rows, stop := feed.Subscribe(1)
		log.Debug(test.msg, test.args...)
		log.Info("listening", test.args...)
		log.Info(test.msg, test.args...)
		stop()
		got := <-rows
		got.Time, test.want.Time = test.want.Time, got.Time
		if test.want.Time.IsZero() {
			t.Errorf("%s: the event has no time", test.msg)
		}
		test.want.Time = got.Time
		if got != test.want {
			t.Errorf("%s: got %+v, want %+v", test.msg, got, test.want)
		}
		if extra, ok := <-rows; ok {
			t.Errorf("%s: another event, %+v", test.msg, extra)
		}
		if out.Len() > 0 {
			t.Errorf("%s: logged below its level: %s", test.msg, out)
		}
	}
}

// The attributes of a logger count as those of its lines.
func TestLoggerAttrs(t *testing.T) {
	var feed events.Feed
	log, out := newLog(&feed, slog.LevelInfo)
	rows, stop := feed.Subscribe(1)
	defer stop()
	log.With("session", 3, "user", "ann").Info("kick", "reason", "late")
	if e := <-rows; e.Session != 3 || e.User != "ann" || e.Error != "late" {
		t.Errorf("got %+v", e)
	}
	if !strings.Contains(out.String(), "session=3 user=ann reason=late") {
		t.Errorf("logged %s", out)
	}
}

// Who doesn't read loses rows, hears how many, and holds nobody up.
func TestSlowSubscriber(t *testing.T) {
	var feed events.Feed
	log, _ := newLog(&feed, slog.LevelError)
	slow, stopSlow := feed.Subscribe(2)
	defer stopSlow()
	quick, stopQuick := feed.Subscribe(100)
	defer stopQuick()
	for i := range 7 {
		log.Info("login", "session", i)
	}
	<-slow
	<-slow
	log.Info("login", "session", 7)
	if e := <-slow; e.Event != events.Lost || e.Error != "5 events lost" {
		t.Errorf("got %+v; want a row of 5 lost ones", e)
	}
	if e := <-slow; e.Session != 7 {
		t.Errorf("got %+v; want session 7", e)
	}
	for i := range 8 {
		if e := <-quick; e.Session != uint64(i) {
			t.Errorf("the other one got %+v; want session %d", e, i)
		}
	}
}

// Without subscribers nothing is done for records that the log doesn't want.
func TestUnwatched(t *testing.T) {
	var feed events.Feed
	log, _ := newLog(&feed, slog.LevelError)
	if log.Enabled(t.Context(), slog.LevelInfo) {
		t.Error("enabled for nobody")
	}
	rows, stop := feed.Subscribe(0)
	if !log.Enabled(t.Context(), slog.LevelInfo) || log.Enabled(t.Context(), slog.LevelDebug) {
		t.Error("a subscriber wants level Info, and no more")
	}
	stop()
	stop()
	if _, open := <-rows; open || log.Enabled(t.Context(), slog.LevelInfo) {
		t.Error("still fed after stop")
	}
}

func TestSubscribersComeAndGo(t *testing.T) {
	var feed events.Feed
	log, _ := newLog(&feed, slog.LevelError)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for range 200 {
				log.Info("kick", "reason", fmt.Sprint(i))
			}
		})
		all.Go(func() {
			for range 200 {
				rows, stop := feed.Subscribe(1)
				stop()
				for range rows {
				}
			}
		})
	}
	all.Wait()
}
