// Package qrcheck holds no code, only tests: each way of drawing a QR code is
// read back by a library that shares nothing with the one that wrote it.
package qrcheck
