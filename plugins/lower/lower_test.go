package lower_test

import (
	"flag"
	"fmt"
	"testing"

	"mts/plugins/check"
	"mts/plugins/internal/differential"
	"mts/plugins/symbols"
)

// Every construct gives what the compiler makes of it.
func TestConstructs(t *testing.T) {
	differential.Compare(t, "../..", check.New(symbols.Exports(), nil), differential.Packages(t, "testdata/*.txt"))
}

var (
	seeds = flag.Int("seeds", 40, "how many generated programs to compare")
	first = flag.Uint64("first", 1, "the seed of the first")
)

// Generated programs give what the compiler makes of them.
func TestGenerated(t *testing.T) {
	checker := check.New(symbols.Exports(), nil)
	const batch = 200
	for done := 0; done < *seeds; done += batch {
		packages := map[string][]byte{}
		for i := done; i < min(done+batch, *seeds); i++ {
			seed := *first + uint64(i)
			name := fmt.Sprint("g", seed)
			packages[name] = generated(name, seed)
		}
		differential.Compare(t, "../..", checker, packages)
	}
}
