package sign

// SignBare signs a message that has no lines, for the one vector that is so.
func (i Identity) SignBare(message string) ([]byte, error) { return i.sign([]byte(message)) }
