package clientcmd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"mts/core"
	"mts/core/client"
	"mts/core/output"
	"mts/core/wire"
)

// A hint says what to do about an error.
type hint struct {
	applies func(*app, error) bool
	text    func(*app) string
}

// hints returns the hints; the first that applies is shown.
func hints() []hint {
	return []hint{
		{code(core.CodeKicked), plain("an operator of the server has ended the session")},
		{code(core.CodeAuthFailed), (*app).whoseLogin},
		{atLogin(core.CodeBanned), (*app).whoIsBanned},
		{code(core.CodeBusy), plain("the server is busy; try again in a while")},
		{code(core.CodeTLSRequired), plain("the server takes passwords over TLS only: use mts:// or mts+starttls://")},
		{code(core.CodeUnknownCommand), plain("the server doesn't offer that to this account; -x HELP lists what it offers")},
		{refusal("Try again later."), plain("this address is banned for a while")},
		{refusal("Too many connections."), plain("close other clients, or lower --parallel")},
		{is(syscall.ECONNREFUSED), plain("is mtsd running there? Its ports are 6870 for mts:// and 6871 for mts+plain:// unless set otherwise")},
		{isDNS, plain("check the name in --server")},
		{is(os.ErrDeadlineExceeded, context.DeadlineExceeded), plain("--timeout sets how long to wait")},
		{speaksTLS, plain("if that is the server's TLS port, use mts://")},
		{noTLS, plain("if that is the server's plain port, use mts+plain:// or mts+starttls://")},
		{cutInHandshake, plain("this address may be banned for a while, or that port isn't one of mtsd")},
		{is(syscall.ENOSPC, syscall.EDQUOT), plain("make room; -c goes on from here")},
		{is(syscall.EACCES, syscall.EROFS), plain("choose another folder with --output")},
		{is(errName), plain("save it with --output-file NAME")},
		{is(client.ErrLine), plain("no command can name it")},
		{isIncomplete, plain("these aren't fetched; the server's log names the folder")},
	}
}

// explain adds to an error what can be done about it.
func (a *app) explain(err error) error {
	if err == nil || errors.Is(err, output.ErrWrite) {
		return err
	}
	for _, h := range hints() {
		if h.applies(a, err) {
			return fmt.Errorf("%w (%s)", err, h.text(a))
		}
	}
	return err
}

func plain(text string) func(*app) string { return func(*app) string { return text } }

func code(code core.Code) func(*app, error) bool {
	return func(_ *app, err error) bool { return isCode(err, code) }
}

func atLogin(code core.Code) func(*app, error) bool {
	return func(_ *app, err error) bool { return errors.Is(err, client.ErrLogin) && isCode(err, code) }
}

// refusal applies to a refusal at the door, which may have no code.
func refusal(text string) func(*app, error) bool {
	return func(_ *app, err error) bool {
		refusal, ok := errors.AsType[*core.Error](err)
		return ok && errors.Is(err, client.ErrConnect) && refusal.Text == text
	}
}

func is(any ...error) func(*app, error) bool {
	return func(_ *app, err error) bool {
		for _, one := range any {
			if errors.Is(err, one) {
				return true
			}
		}
		return false
	}
}

func isDNS(_ *app, err error) bool {
	_, ok := errors.AsType[*net.DNSError](err)
	return ok
}

func isIncomplete(_ *app, err error) bool {
	_, ok := errors.AsType[*client.Incomplete](err)
	return ok
}

// speaksTLS applies if a server answers a plain greeting with nothing or with a TLS
// alert.
func speaksTLS(a *app, err error) bool {
	return a.isPlain() && errors.Is(err, client.ErrConnect) && (errors.Is(err, wire.ErrProtocol) || cutOff(err))
}

func noTLS(_ *app, err error) bool {
	return errors.Is(err, client.ErrNoTLS)
}

func cutInHandshake(a *app, err error) bool {
	return !a.isPlain() && cutOff(err) && (errors.Is(err, client.ErrTLS) || errors.Is(err, client.ErrConnect))
}

func (a *app) whoseLogin() string {
	if a.user == "" {
		return "for the account " + a.account() + "; --user names another"
	}
	return "for the account " + wire.Printable(a.user)
}

func (a *app) whoIsBanned() string {
	return "the account " + wire.Printable(a.account()) + " or this address is banned for a while"
}
