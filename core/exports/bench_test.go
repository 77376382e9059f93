package exports

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkOpen opens a file, asks for its size, reads it and closes it.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	write(b, dir, "file", "a/b/file", "large")
	for name, size := range map[string]int{"file": 1 << 10, "a/b/file": 1 << 10, "large": 16 << 10} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	tree := open(b, Export{Path: "/", Dir: dir})
	buf := make([]byte, 16<<10)
	for _, way := range []string{"own", "root"} {
		if way == "root" {
			r := local(tree).held.Load()
			r.beneath.close()
			r.beneath = beneath{}
		}
		for _, name := range []string{"file", "a/b/file", "large"} {
			b.Run(way+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					f, err := tree.Open(name)
					if err != nil {
						b.Fatal(err)
					}
					fi, err := f.Stat()
					if err != nil {
						b.Fatal(err)
					}
					if n, err := f.Read(buf); n != int(fi.Size()) || err != nil {
						b.Fatal(n, err)
					}
					f.Close()
				}
			})
		}
	}
}

func BenchmarkList(b *testing.B) {
	dir := b.TempDir()
	for i := range 10000 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), nil, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	tree := open(b, Export{Path: "/", Dir: dir})
	b.ReportAllocs()
	for b.Loop() {
		if n := len(list(b, tree, "/")); n != 10000 {
			b.Fatal(n)
		}
	}
}
