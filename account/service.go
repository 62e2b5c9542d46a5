package account

import "github.com/wxcommerce/wechat"

// Service asks about one account. It is immutable and safe for concurrent use.
type Service struct {
	app     *wechat.App
	inQuery bool
}

// New makes a Service. The App needs a TokenSource for everything but
// ResetBySecret.
func New(app *wechat.App, opts ...Option) *Service {
	s := &Service{app: app}
	for _, o := range opts {
		o(s)
	}
	return s
}

// Option changes how a Service works.
type Option func(*Service)

// WithSecretInQuery makes ResetBySecret send its fields in the address, as one
// official example does. The field table, and this package without the option, put
// them into the body, where fewer logs keep them.
func WithSecretInQuery() Option { return func(s *Service) { s.inQuery = true } }
