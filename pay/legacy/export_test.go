package legacy

// WithNonce lets a vector name the nonce.
func (s *Service) WithNonce(nonce string) *Service {
	return &Service{m: s.m, nonce: func() string { return nonce }}
}
