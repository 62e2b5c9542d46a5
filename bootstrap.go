package wechat

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"

	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

// FetchCertificates downloads the platform certificates of the merchant in cfg.
// It is the one call that cannot know beforehand whom to believe: the list is
// opened with the APIv3 key, which proves who made it, and then the answer's
// signature is verified with the certificate the list itself holds, or with
// cfg.Platform when that knows the key. Package certs calls it; most programs
// have no need to. A merchant without certificates gets ErrNotFound: it uses the
// WeChat Pay public key instead.
//
// 下载平台证书
func FetchCertificates(ctx context.Context, cfg MerchantConfig, opts ...Option) ([]*x509.Certificate, error) {
	extra := cfg.Platform
	if extra == nil {
		extra = nobody{}
	}
	cfg.Platform = extra
	m, err := NewMerchant(cfg, opts...)
	if err != nil {
		return nil, err
	}
	if _, own := m.c.carrier.(*lazyTransport); own {
		defer m.c.closeIdle() // made for this call alone
	}
	return m.certificates(ctx, extra)
}

// certificates asks for the list and proves it by itself, or by extra.
func (m *Merchant) certificates(ctx context.Context, extra sign.KeySet) ([]*x509.Certificate, error) {
	b, core := &bootstrap{v3: *m.v3, aead: m.aead, extra: extra}, *m.c
	core.dialect = b
	op := GET("/v3/certificates")
	_, err := core.exchange(ctx, op, &message{method: op.method, target: op.path, accept: jsonType, keyID: answerID(extra)})
	if err != nil {
		return nil, err
	}
	return b.certs, nil
}

// bootstrap is v3 with another proof: the keys come out of the answer.
type bootstrap struct {
	v3
	aead  *seal.AEAD
	extra sign.KeySet
	certs []*x509.Certificate // of the last list that was proved
}

func (d *bootstrap) prove(ctx context.Context, op Op, res *http.Response, body []byte) (reply, error) {
	if !op.success(res.StatusCode) {
		return d.v3.prove(ctx, op, res, body)
	}
	certs, err := d.open(body)
	if err != nil {
		return reply{}, fmt.Errorf("answer %d not proved: %w", res.StatusCode, err)
	}
	keys := make([]sign.Key, len(certs))
	for i, c := range certs {
		keys[i] = sign.Certificate(c)
	}
	ring, err := sign.NewRing(keys[0], keys[1:]...)
	if err != nil {
		return reply{}, fmt.Errorf("answer %d not proved: %w", res.StatusCode, err)
	}
	if _, err := sign.NewVerifier(listed{ring.WithClock(d.now), d.extra}, d.now).Verify(ctx, res.Header, body); err != nil {
		return reply{}, fmt.Errorf("answer %d not proved: %w", res.StatusCode, err)
	}
	d.certs = certs
	return reply{body: body}, nil
}

// open decrypts the list and checks each certificate against its entry.
func (d *bootstrap) open(body []byte) ([]*x509.Certificate, error) {
	var list struct {
		Data []struct {
			SerialNo    string `json:"serial_no"`
			Certificate struct {
				Algorithm      string `json:"algorithm"`
				Nonce          string `json:"nonce"`
				AssociatedData string `json:"associated_data"`
				Ciphertext     string `json:"ciphertext"`
			} `json:"encrypt_certificate"`
		} `json:"data"`
	}
	if err := wire.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("certificate list: %w", err)
	}
	var certs []*x509.Certificate
	for i, e := range list.Data {
		if e.Certificate.Algorithm != aeadAES256GCM {
			continue // 国密 merchants also get SM4 entries
		}
		text, err := d.aead.Open(e.Certificate.Nonce, e.Certificate.AssociatedData, []byte(e.Certificate.Ciphertext))
		if err != nil {
			return nil, fmt.Errorf("certificate list: entry %d does not open with the APIv3 key: %w", i, err)
		}
		c, err := LoadCertificate(text)
		if err != nil {
			return nil, fmt.Errorf("certificate list: entry %d: %w", i, err)
		}
		if SerialOf(c) != e.SerialNo {
			return nil, fmt.Errorf("certificate list: entry %d holds another serial number than it says", i)
		}
		certs = append(certs, c)
	}
	if len(certs) == 0 {
		return nil, errors.New("certificate list: empty")
	}
	return certs, nil
}

// listed believes the list itself, then whoever else is trusted; of two failures
// the list's says more.
type listed struct {
	*sign.Ring
	extra sign.KeySet
}

func (l listed) Key(ctx context.Context, id string) (*rsa.PublicKey, error) {
	k, err := l.Ring.Key(ctx, id)
	if err == nil {
		return k, nil
	}
	if k, e := l.extra.Key(ctx, id); e == nil {
		return k, nil
	}
	return nil, err
}

type nobody struct{}

func (nobody) Key(context.Context, string) (*rsa.PublicKey, error) { return nil, sign.ErrUnknownKey }

func (nobody) Preferred(context.Context) (string, *rsa.PublicKey, error) {
	return "", nil, sign.ErrUnknownKey
}
