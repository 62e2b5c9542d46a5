package transport_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/transport"
)

var quiet = log.New(io.Discard, "", 0)

// authority issues certificates for one test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

// leaf says what is special about a certificate; by default it is valid for 127.0.0.1, now.
type leaf struct {
	name    string
	dns     string
	expired bool
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &authority{cert: cert, key: key, pool: pool}
}

func (a *authority) issue(t testing.TB, l leaf) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: l.name},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	if l.expired {
		template.NotAfter = time.Now().Add(-time.Hour)
	}
	if l.dns != "" {
		template.DNSNames = []string{l.dns}
	} else {
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// serveTLS counts the requests that got through.
func serveTLS(t testing.TB, config *tls.Config) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	var hits atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	server.Config.ErrorLog = quiet
	server.EnableHTTP2 = true
	server.TLS = config
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, &hits
}

func TestAdverse03_BadCertificatesAreRefused(t *testing.T) {
	t.Parallel()
	ca, stranger := newAuthority(t), newAuthority(t)
	tests := []struct {
		name  string
		cert  tls.Certificate
		cause any
	}{
		{"self-signed", stranger.issue(t, leaf{}), new(x509.UnknownAuthorityError)},
		{"wrong name", ca.issue(t, leaf{dns: "api.mch.weixin.qq.com"}), new(x509.HostnameError)},
		{"expired", ca.issue(t, leaf{expired: true}), new(x509.CertificateInvalidError)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server, hits := serveTLS(t, &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{test.cert}})
			c := newClient(t, transport.WithRootCAs(ca.pool))
			for range 2 { // and no downgrade the second time
				res, err := c.Do(request(t, t.Context(), "POST", server.URL, "{}"))
				require.ErrorAs(t, err, test.cause)
				var failed *tls.CertificateVerificationError
				require.ErrorAs(t, err, &failed)
				assert.Nil(t, res)
			}
			assert.Zero(t, hits.Load())
		})
	}
}

func TestAdverse03_TheSystemsAuthoritiesCountByDefault(t *testing.T) {
	t.Parallel()
	server, hits := serveTLS(t, &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{newAuthority(t).issue(t, leaf{})}})
	_, err := newClient(t).Do(request(t, t.Context(), "POST", server.URL, "{}"))
	require.ErrorAs(t, err, new(x509.UnknownAuthorityError))
	assert.Zero(t, hits.Load())
}

func TestAdverse03_OldTLSIsRefused(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	server, hits := serveTLS(t, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11, //nolint:gosec // the adversary
		Certificates: []tls.Certificate{ca.issue(t, leaf{})}})
	_, err := newClient(t, transport.WithRootCAs(ca.pool)).Do(request(t, t.Context(), "POST", server.URL, "{}"))
	require.ErrorContains(t, err, "protocol version")
	assert.Zero(t, hits.Load())
}

func TestAdverse03_PlainHTTPOnATLSPortIsNoAnswer(t *testing.T) {
	t.Parallel()
	server := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("reached") })
	_, err := newClient(t).Do(request(t, t.Context(), "POST", "https"+server.URL[len("http"):], "{}"))
	require.ErrorIs(t, err, http.ErrSchemeMismatch)
}

func TestDo_SpeaksHTTP2OverGoodTLS(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	server, hits := serveTLS(t, &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{ca.issue(t, leaf{})}})
	res, err := newClient(t, transport.WithRootCAs(ca.pool)).Do(request(t, t.Context(), "POST", server.URL, "{}"))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, 2, res.ProtoMajor)
	assert.EqualValues(t, 1, hits.Load())
}
