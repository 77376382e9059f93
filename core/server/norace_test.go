//go:build !race

package server_test

const hugeShare = 1
