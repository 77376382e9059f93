//go:build race

package server_test

const hugeShare = 16 // of what is sent without the race detector
