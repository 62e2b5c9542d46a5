package seal

// OpenECB lets a published vector reach the cipher without the key derivation.
var OpenECB = openECB

// SealWith is Seal with a given IV, for published vectors.
func (e *Envelopes) SealWith(iv []byte, associatedData string, plain []byte) Envelope {
	return e.seal(iv, associatedData, plain)
}
