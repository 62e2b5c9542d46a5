// Package rooms keeps the house in order. It holds the list of endpoints; its
// tests read the source of the whole module and fail when a package imports what
// it may not, an exported name has no comment, a package has no runnable example,
// an endpoint is missing from the list, a file has grown too long, or a habit
// (no panic, no floating point, no sleeping tests) is broken. Each of these
// checks is itself tested against a source that breaks it.
package rooms
