package library_test

import (
	stdcmp "cmp"
	stdmaps "maps"
	"math"
	"math/rand/v2"
	"reflect"
	stdslices "slices"
	"testing"

	"mts/plugins/lower/library"
	"mts/plugins/lower/library/cmp"
	"mts/plugins/lower/library/maps"
	"mts/plugins/lower/library/slices"
)

type item struct{ key, id int }

func byKey(a, b item) int { return stdcmp.Compare(a.key, b.key) }

// The library's functions do what the standard library's do.
func TestSlices(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		s := make([]int, r.IntN(9), 12)
		items := make([]item, r.IntN(40))
		for i := range s {
			s[i] = r.IntN(4)
		}
		for i := range items {
			items[i] = item{r.IntN(5), i}
		}
		i := r.IntN(len(s) + 1)
		j := i + r.IntN(len(s)+1-i)
		v := []int{7, 8, 9, 10, 11}[:r.IntN(6)]
		other := []int{1, 2, 3}[:r.IntN(4)]
		n := 1 + r.IntN(3)
		a, b := func() []int { return append(make([]int, 0, 12), s...) }, func() []item { return stdslices.Clone(items) }
		odd := func(n int) bool { return n%2 == 1 }
		sorted := stdslices.Sorted(stdslices.Values(s))
		where, found := slices.BinarySearch(sorted, n)
		stdWhere, stdFound := stdslices.BinarySearch(sorted, n)
		sortedBy := func(f func([]item, func(a, b item) int)) []item { c := b(); f(c, byKey); return c }
		for name, pair := range map[string][2]any{
			"Insert":         {slices.Insert(a(), i, v...), stdslices.Insert(a(), i, v...)},
			"Delete":         {slices.Delete(a(), i, j), stdslices.Delete(a(), i, j)},
			"DeleteFunc":     {slices.DeleteFunc(a(), odd), stdslices.DeleteFunc(a(), odd)},
			"Replace":        {slices.Replace(a(), i, j, v...), stdslices.Replace(a(), i, j, v...)},
			"Compact":        {slices.Compact(a()), stdslices.Compact(a())},
			"Compare":        {slices.Compare(s, other), stdslices.Compare(s, other)},
			"Equal":          {slices.Equal(s, other), stdslices.Equal(s, other)},
			"Index":          {slices.Index(s, n), stdslices.Index(s, n)},
			"IndexFunc":      {slices.IndexFunc(s, odd), stdslices.IndexFunc(s, odd)},
			"Concat":         {slices.Concat(s, v), stdslices.Concat(s, v)},
			"Repeat":         {slices.Repeat(s, n), stdslices.Repeat(s, n)},
			"Chunk":          {slices.Collect(slices.Chunk(s, n)), stdslices.Collect(stdslices.Chunk(s, n))},
			"SortFunc":       {sortedBy(slices.SortFunc[[]item]), sortedBy(stdslices.SortFunc[[]item])},
			"SortStableFunc": {sortedBy(slices.SortStableFunc[[]item]), sortedBy(stdslices.SortStableFunc[[]item])},
			"BinarySearch":   {[]any{where, found}, []any{stdWhere, stdFound}},
			"Sorted":         {slices.Sorted(slices.Values(s)), sorted},
			"IsSorted":       {slices.IsSorted(s), stdslices.IsSorted(s)},
			"Clone":          {slices.Clone(s), stdslices.Clone(s)},
			"Grow":           {cap(slices.Grow(a(), 20)) >= len(s)+20, true},
		} {
			if !reflect.DeepEqual(pair[0], pair[1]) {
				t.Fatalf("%s of %v, %d, %d, %v: %v, want %v", name, s, i, j, v, pair[0], pair[1])
			}
		}
	}
}

func TestMapsAndCmp(t *testing.T) {
	m := map[string]int{"a": 1, "b": 2}
	c := maps.Clone(m)
	maps.DeleteFunc(c, func(k string, _ int) bool { return k == "a" })
	maps.Copy(c, map[string]int{"z": 9})
	if !stdmaps.Equal(c, map[string]int{"b": 2, "z": 9}) || maps.Equal(c, m) || len(maps.Collect(maps.All(m))) != 2 || maps.Clone(map[int]int(nil)) != nil {
		t.Errorf("the copy is %v", c)
	}
	for _, x := range []float64{math.NaN(), math.Inf(-1), -1, 0, 2} {
		for _, y := range []float64{math.NaN(), math.Inf(1), -1, 0, 2} {
			if cmp.Compare(x, y) != stdcmp.Compare(x, y) || cmp.Less(x, y) != stdcmp.Less(x, y) {
				t.Errorf("%v and %v compare as %d", x, y, cmp.Compare(x, y))
			}
		}
	}
	if cmp.Or(0, 3, 4) != 3 {
		t.Error("Or doesn't return the first")
	}
}

// A package has what the script's author finds in the standard library.
func TestSource(t *testing.T) {
	if library.Source("slices") == nil || library.Source("fmt") != nil {
		t.Error("the library has other packages")
	}
}
