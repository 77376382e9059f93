package coretest_test

import (
	"fmt"
	"testing"
	"testing/fstest"

	"mts/core"
	"mts/core/coretest"
)

func Example() {
	shout := core.Command{Verb: "SHOUT", Args: "PATH", Run: func(c *core.Call) error {
		f, err := c.Open(c.Arg())
		if err != nil {
			return err
		}
		defer f.Close()
		c.Printf("%s:\n", c.Session().User)
		_, err = c.Send(f)
		return err
	}}
	host := &coretest.Host{
		Files: fstest.MapFS{"pub/a.txt": {Data: []byte("HELLO\n")}},
		User:  core.Session{User: "ann"},
	}
	fmt.Println(host.Run(shout, `\pub\a.txt`))
	fmt.Print(host.Data.String())
	fmt.Println(host.Run(shout, "pub"))
	// Output:
	// <nil>
	// ann:
	// HELLO
	// file does not exist
}

func TestHost(t *testing.T) {
	var host coretest.Host
	c := host.Call("arg")
	if _, err := c.List("/"); err == nil {
		t.Error("a folder was listed where there are no files")
	}
	host.Files = fstest.MapFS{"a": {}, "d/b": {Data: []byte("123")}}
	entries, err := c.List("/")
	if err != nil || len(entries) != 2 || !entries[1].Dir {
		t.Errorf("List = %v, %v", entries, err)
	}
	if info, err := c.Stat("/d/b"); err != nil || info.Size != 3 || info.Name != "b" {
		t.Errorf("Stat = %v, %v", info, err)
	}
	c.Fact("n", "1")
	c.Reply("%d done.", 1)
	c.Logf("seen %s", "it")
	if n, err := c.Notify("user=ann", "hi"); n != 0 || err != nil {
		t.Errorf("Notify = %d, %v", n, err)
	}
	if err := c.Save("k", "v"); err != nil {
		t.Error(err)
	}
	if v, ok := c.Load("k"); v != "v" || !ok {
		t.Errorf("Load = %q, %v", v, ok)
	}
	if host.Facts["n"] != "1" || host.Text != "1 done." || host.Logs[0] != "seen it" || host.Notices[0] != "user=ann: hi" {
		t.Errorf("recorded %+v", &host)
	}
}
