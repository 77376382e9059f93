//go:build unix

package server_test

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"mts/core/harness"
)

// What isn't a regular file below the root is, to all verbs, as if it weren't
// there: nobody learns what is.
func TestSpecialFiles(t *testing.T) {
	outside := t.TempDir()
	writeFile(t, outside, "secret", 9)
	dir := filepath.Join(t.TempDir(), "root")
	harness.Must(t, os.Mkdir(dir, 0o700))
	writeFile(t, dir, ".hidden", 9)
	harness.Must(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
	harness.Must(t, syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600))
	socket, err := net.Listen("unix", filepath.Join(dir, "socket"))
	harness.Must(t, err)
	defer socket.Close()
	for name, target := range map[string]string{
		"null": "/dev/null", "zero": "/dev/zero", "absolute": filepath.Join(outside, "secret"),
		"up": "../../secret", "loop": "loop", "dangling": "nothing", "tree": outside,
	} {
		harness.Must(t, os.Symlink(target, filepath.Join(dir, name)))
	}
	names := []string{
		"none", "none/none", "folder/", "folder/none", "fifo", "socket", "null", "zero", "absolute", "up", "loop",
		"dangling", "tree/secret", ".hidden", "../root/.hidden", "..", "/../secret", `..\..\secret`, "folder/../.hidden",
		"//etc/passwd", "/etc/passwd", "c:/etc/passwd", "c:..", "d:/x", "nul", "con.txt", "x:stream", "./fifo", "%2e%2e/secret",
		"..%c0%af..", "....//secret", "fifo/.", "~", "file:///etc/passwd",
	}
	s := newServer(t, dir, nil)
	overAll(t, s, func(t *testing.T, dial func() net.Conn) {
		stream, blocks := enter(t, dial()), enter(t, dial(), "MODE BLOCK")
		for _, name := range append(names, "folder", "c:", "/", `\`) {
			for _, verb := range []string{"FILE ", "PART 0 - ", "HASH "} {
				stream.send(verb + name)
				stream.want("!File " + name + " could not be opened.")
				blocks.send(verb + name)
				blocks.want("![code=not-found] File " + name + " could not be opened.")
			}
		}
		for _, name := range names {
			blocks.send("STAT "+name, "LIST "+name)
			blocks.want("![code=not-found] File "+name+" could not be opened.",
				"![code=not-found] Folder "+name+" could not be opened.")
		}
		stream.send("LIST")
		stream.want("type=dir;modify=*;unique=*; c:\ntype=dir;modify=*;unique=*; folder\n#OK.")
	})
}
