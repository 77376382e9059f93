package config

import "strings"

// suggest returns "; did you mean KEY?" for the known key that is most like
// name, or "" if none is like it.
func suggest(name string, known []string) string {
	best, least := "", 4
	for _, k := range known {
		if n := distance(strings.ToLower(name), k); n < least && 2*n <= len(k) {
			best, least = k, n
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// distance returns how many bytes to insert, drop or replace to turn a into b
// (the Levenshtein distance).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		above := row[0] // of the column before, in the row before
		row[0]++
		for j := range len(b) {
			cost := above
			if a[i] != b[j] {
				cost = 1 + min(above, row[j], row[j+1])
			}
			above, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
