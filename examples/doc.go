// Package examples holds programs that use the library: a small shop in store,
// and checks that need a dependency the library itself does not want.
package examples
