package apiv2

// NativeLinkAt lets a vector name time and nonce.
func (s *Service) NativeLinkAt(productID, now, nonce string) string {
	return s.nativeLink(productID, now, nonce)
}
