// Package wire turns one request struct into a path, a query and a body, and
// reads answers strictly where money is concerned: no key may appear twice or
// in another case, nothing may follow the document, and depth is bounded.
package wire
