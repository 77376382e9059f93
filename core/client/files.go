package client

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"math"
	"strconv"
	"strings"
	"time"

	"mts/core"
	"mts/core/units"
	"mts/core/wire"
)

// Limits for the data of a reply.
const (
	maxFacts   = wire.MaxStatus // bytes
	maxListing = 256 << 20      // bytes
	maxEntries = 1 << 20
)

// modifyLayout is the form of times in RFC 3659, section 2.3, without a fraction.
const modifyLayout = "20060102150405"

// Fetch copies a file to w and returns its description from the end of the reply,
// in which Name is empty. It returns ErrIntegrity if the number of bytes doesn't
// agree with the description. The server decides how many bytes there are; only
// FetchPart limits them. The size of a file whose server didn't know it before
// the transfer is the number of bytes that arrived.
func (c *Conn) Fetch(ctx context.Context, path string, w io.Writer) (core.Info, error) {
	info, n, err := c.transfer(ctx, "FILE "+path, w, math.MaxInt64)
	if err == nil && info.Size == 0 {
		info.Size = n
	}
	if err == nil && n != info.Size {
		err = fmt.Errorf("%w: %d of %d bytes arrived", ErrIntegrity, n, info.Size)
	}
	return info, err
}

// ErrSize says that a file has more content than was asked for, although its size is
// 0, as files of /proc have: only Fetch gets all of it.
var ErrSize = fmt.Errorf("%w: it has more bytes than its size says", ErrIntegrity)

// FetchPart copies length bytes of a file, from offset on, to w, or fewer if the
// file ends before. It returns the same as Fetch, or ErrSize.
func (c *Conn) FetchPart(ctx context.Context, path string, offset, length int64, w io.Writer) (core.Info, error) {
	info, n, err := c.transfer(ctx, fmt.Sprintf("PART %d %d %s", offset, length, path), w, length)
	if err == nil && info.Size == 0 && n > 0 {
		if info.Size = offset + n; n == length {
			return info, ErrSize
		}
	}
	if want := min(length, info.Size-offset); err == nil && n != want {
		err = fmt.Errorf("%w: %d of %d bytes arrived", ErrIntegrity, n, want)
	}
	return info, err
}

// transfer runs a command whose data are from a file, and compares their number
// with the facts of the reply.
func (c *Conn) transfer(ctx context.Context, line string, w io.Writer, max int64) (core.Info, int64, error) {
	count := &counter{w: w}
	reply, err := c.do(ctx, line, count, max)
	if err != nil {
		return core.Info{}, count.n, err
	}
	var info core.Info
	for _, f := range reply.Facts {
		if f.Name != "bytes" {
			err = setFact(&info, f.Name, f.Value)
		} else if f.Value != strconv.FormatInt(count.n, 10) {
			err = fmt.Errorf("%d of %.20s bytes arrived", count.n, f.Value)
		}
		if err != nil {
			return info, count.n, fmt.Errorf("%w: %w", ErrIntegrity, err)
		}
	}
	if reply.Fact("bytes") == "" {
		return info, count.n, fmt.Errorf("%w: the server didn't say how long it is", ErrIntegrity)
	}
	return info, count.n, nil
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// Stat returns the server's description of a file or folder.
func (c *Conn) Stat(ctx context.Context, path string) (core.Info, error) {
	var b bytes.Buffer
	if _, err := c.do(ctx, "STAT "+path, &b, maxFacts); err != nil {
		return core.Info{}, err
	}
	return parseFacts(strings.TrimSuffix(b.String(), "\n"))
}

// Incomplete is the error of a listing that doesn't show all that is in the
// folder.
type Incomplete struct {
	Withheld   int // names that no command could address
	Unreadable int // entries that the server couldn't look at
}

func (i *Incomplete) Error() string {
	var parts []string
	if i.Withheld > 0 {
		parts = append(parts, units.Count(int64(i.Withheld), "name")+" can't be addressed by any command")
	}
	if i.Unreadable > 0 {
		parts = append(parts, units.Count(int64(i.Unreadable), "name")+" can't be read by the server")
	}
	return "not all is listed: " + strings.Join(parts, ", ")
}

// List returns the entries of a folder, sorted by name. It reads the whole
// listing, at most 256 MiB, before the first entry. So the loop may use the Conn
// and may end at any time. An error is in the last pair; it is an *Incomplete,
// after all entries, if the server says that there are more of them. Names are
// returned as the server sent them: they may contain "/" or be "..", but have no
// control characters.
func (c *Conn) List(ctx context.Context, path string) iter.Seq2[core.Info, error] {
	return func(yield func(core.Info, error) bool) {
		var b bytes.Buffer
		reply, err := c.do(ctx, strings.TrimSuffix("LIST "+path, " "), &b, maxListing)
		if err != nil {
			yield(core.Info{}, err)
			return
		}
		if bytes.Count(b.Bytes(), []byte("\n")) > maxEntries {
			yield(core.Info{}, fmt.Errorf("%w: more than %d entries", wire.ErrProtocol, maxEntries))
			return
		}
		for line := range bytes.Lines(b.Bytes()) {
			info, err := parseFacts(string(bytes.TrimSuffix(line, []byte("\n"))))
			if !yield(info, err) || err != nil {
				return
			}
		}
		if missing := incomplete(reply); missing != nil {
			yield(core.Info{}, missing)
		}
	}
}

// incomplete returns what a reply to LIST says is missing, or nil.
func incomplete(reply wire.Reply) *Incomplete {
	count := func(fact string) int {
		n, err := strconv.ParseUint(reply.Fact(fact), 10, 31)
		if err != nil {
			return 0
		}
		return int(n)
	}
	i := &Incomplete{Withheld: count("withheld"), Unreadable: count("unreadable")}
	if *i == (Incomplete{}) {
		return nil
	}
	return i
}

// hashPatience is the number of timeouts that a server may take to hash a file.
const hashPatience = 10

// Hash returns the SHA-256 that the server computes of a file, in hexadecimal. It
// waits ten times Options.Timeout, because that may take a while.
func (c *Conn) Hash(ctx context.Context, path string) (string, error) {
	var b bytes.Buffer
	var reply wire.Reply
	err := c.exchange(ctx, []string{"HASH " + path}, func() (err error) {
		c.raw.factor.Store(hashPatience)
		defer c.raw.factor.Store(1)
		reply, err = c.in.ReadReply(&b, maxFacts)
		return err
	})
	if err == nil {
		err = reply.Err()
	}
	if err != nil {
		return "", err
	}
	sum, _, _ := strings.Cut(b.String(), " ")
	if raw, err := hex.DecodeString(sum); err != nil || len(raw) != 32 {
		return "", fmt.Errorf("%w: not a SHA-256: %.80q", wire.ErrProtocol, sum)
	}
	return strings.ToLower(sum), nil
}

// parseFacts reads a line of MLST facts (RFC 3659, 7.2): "size=1;type=file; x".
func parseFacts(line string) (core.Info, error) {
	facts, name, ok := strings.Cut(line, " ")
	if !ok || name == "" || wire.HasControl(name) {
		return core.Info{}, fmt.Errorf("%w: entry %.80q", wire.ErrProtocol, line)
	}
	info := core.Info{Name: name}
	for fact := range strings.SplitSeq(strings.TrimSuffix(facts, ";"), ";") {
		key, value, _ := strings.Cut(fact, "=")
		if err := setFact(&info, strings.ToLower(key), value); err != nil {
			return core.Info{}, fmt.Errorf("%w: %w", wire.ErrProtocol, err)
		}
	}
	return info, nil
}

// setFact sets the field that a fact is about. It ignores unknown facts.
func setFact(info *core.Info, name, value string) (err error) {
	switch name {
	case "type":
		info.Dir = value == "dir"
	case "size":
		info.Size, err = strconv.ParseInt(value, 10, 64)
		if err != nil || info.Size < 0 {
			return fmt.Errorf("size %.40q", value)
		}
	case "modify":
		info.Modified, _ = time.Parse(modifyLayout, value) // with an error it is unknown
	case "unique":
		info.Unique = value
	case "etag":
		info.ETag = value
	}
	return nil
}
