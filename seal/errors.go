package seal

import "errors"

// What can go wrong; compare with errors.Is. No error of this package contains a
// key, a plaintext or a ciphertext.
var (
	// ErrSealed means that a Secret holds a ciphertext that was not, or could not
	// be, opened.
	ErrSealed = errors.New("seal: the value is still encrypted")

	// ErrTooLong means that a text does not fit into one RSA block.
	ErrTooLong = errors.New("seal: text too long to encrypt")

	// ErrOpen means that a ciphertext cannot be decrypted: it is damaged, or meant
	// for another key.
	ErrOpen = errors.New("seal: cannot decrypt")

	// ErrKey means that a key is missing or unfit.
	ErrKey = errors.New("seal: unusable key")
)
