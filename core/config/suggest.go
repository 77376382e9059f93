package config

import "strings"

// Suggest returns "; did you mean KEY?" for the known name that is most like
// name, or "" if none is like it.
func Suggest(name string, known []string) string {
	best, least := "", 4
	for _, k := range known {
		if n := distance(strings.ToLower(name), strings.ToLower(k)); n < least && 2*n <= len(k) {
			best, least = k, n
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// distance returns how many bytes to insert, drop or replace, or neighbours to
// swap, to turn a into b (optimal string alignment).
func distance(a, b string) int {
	above, row := make([]int, len(b)+1), make([]int, len(b)+1) // two rows above, and one
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			next[j+1] = 1 + min(row[j], row[j+1], next[j])
			if a[i] == b[j] {
				next[j+1] = row[j]
			}
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], 1+above[j-1])
			}
		}
		above, row = row, next
	}
	return row[len(b)]
}
