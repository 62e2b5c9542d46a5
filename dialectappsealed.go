package wechat

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

// APISecurity is what the console of an account (开发设置 > API安全) gives and takes
// for encrypting and signing calls of the server API: AES256 and RSA. SM4 and SM2
// are not supported.
type APISecurity struct {
	Key             crypto.Signer         // private half of the account's RSA key in the console; it may live in an HSM
	SymmetricKey    seal.Key              // base64 text of 32 bytes, as the console shows it
	SymmetricSerial string                // the number beside it
	Platform        []sign.AppPlatformKey // whom to believe: the current certificate's key, and the next one during a change
}

// Format prints the number of the symmetric key, whatever the verb; never a key.
func (s APISecurity) Format(f fmt.State, verb rune) {
	formatText(f, verb, "API security with symmetric key "+oneLine(s.SymmetricSerial, 64))
}

// MarshalJSON gives the number of the symmetric key, never a key.
func (s APISecurity) MarshalJSON() ([]byte, error) { return json.Marshal(fmt.Sprint(s)) }

// WithAPISecurity makes an App encrypt and sign the calls whose Op is Sealable, and
// believe only signed and encrypted answers to them. All other calls stay as they
// are: most of the server API knows no encryption. Clients other than an App have
// no such calls, so that the option changes nothing there. What is signed names the
// host that is called; a forwarding host of one's own therefore does not fit.
func WithAPISecurity(s APISecurity) Option {
	return func(c *client) error {
		if s.SymmetricSerial == "" || oneLine(s.SymmetricSerial, 128) != s.SymmetricSerial {
			return errors.New("WithAPISecurity: SymmetricSerial is empty, too long or no plain text")
		}
		envelopes, err := seal.NewEnvelopes(s.SymmetricKey)
		if err != nil {
			return fmt.Errorf("WithAPISecurity: SymmetricKey: %w", err)
		}
		c.security = func(appID string) (*sealing, error) {
			d := &sealing{id: sign.AppIdentity{AppID: appID, Key: s.Key}, envelopes: envelopes, serial: s.SymmetricSerial, now: c.now}
			if err := d.id.Validate(); err != nil {
				return nil, fmt.Errorf("wechat: WithAPISecurity: %w", err)
			}
			if d.verifier, err = sign.NewAppVerifier(appID, c.now, s.Platform...); err != nil {
				return nil, fmt.Errorf("wechat: WithAPISecurity: %w", err)
			}
			return d, nil
		}
		return nil
	}
}

// sealing is the encrypted and signed form of appDialect's calls.
type sealing struct {
	id        sign.AppIdentity
	verifier  *sign.AppVerifier
	envelopes *seal.Envelopes
	serial    string
	now       clock
}

// aad binds an envelope to the call, the account, the time and the key.
func (d *sealing) aad(address string, stamp int64) string {
	return address + "|" + d.id.AppID + "|" + strconv.FormatInt(stamp, 10) + "|" + d.serial
}

// seal replaces the body of r, one attempt of m, by an envelope and signs it. It
// comes before the token goes into the query, because everything else of the query
// moves into the envelope.
func (d *sealing) seal(r *http.Request, m *message) error {
	if m.method != http.MethodPost || m.stream != nil || m.raw {
		return errors.New("only a POST with a JSON body and a JSON answer can be encrypted")
	}
	at := d.now()
	plain, err := d.plain(m.body, r.URL.Query(), at.Unix())
	if err != nil {
		return err
	}
	r.URL.RawQuery = ""
	body, err := wire.JSON(d.envelopes.Seal(d.aad(sign.APIURL(r.URL), at.Unix()), plain))
	if err != nil {
		return err
	}
	if err := d.id.Authorize(r, body, at); err != nil {
		return err
	}
	r.Header.Set("Content-Type", jsonType)
	r.ContentLength = int64(len(body))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	r.Body, err = r.GetBody()
	return err
}

// plain puts the three fields of every envelope in front of the body's own.
func (d *sealing) plain(body []byte, query url.Values, stamp int64) ([]byte, error) {
	var salt [24]byte
	_, _ = rand.Read(salt[:]) // never fails
	out := []byte(`{"_n":"` + base64.StdEncoding.EncodeToString(salt[:]) + `","_appid":"` + d.id.AppID + `","_timestamp":` + strconv.FormatInt(stamp, 10))
	for _, name := range slices.Sorted(maps.Keys(query)) {
		pair, err := wire.JSON(map[string]string{name: query.Get(name)})
		if err != nil {
			return nil, err
		}
		out = append(append(out, ','), pair[1:len(pair)-1]...)
	}
	if body == nil {
		return append(out, '}'), nil
	}
	inner, opened := bytes.CutPrefix(bytes.TrimSpace(body), []byte("{"))
	inner, closed := bytes.CutSuffix(inner, []byte("}"))
	if !opened || !closed {
		return nil, errors.New("only a JSON object can be encrypted")
	}
	if len(bytes.TrimSpace(inner)) > 0 {
		out = append(append(out, ','), inner...)
	}
	return append(out, '}'), nil
}

// errDowngrade is an answer in clear where an encrypted one is due.
var errDowngrade = errors.New("the answer is signed, but not encrypted")

// open proves an answer to the attempt at address and returns what was in the envelope. An error
// that WeChat words in clear, because it could not read the request, is handed on
// as it is: believe says whether its signature was proved.
func (d *sealing) open(address string, res *http.Response, body []byte) (plain []byte, believe bool, err error) {
	if !sign.IsSigned(res.Header) && isRefusal(body) {
		return body, false, nil
	}
	proof, err := d.verifier.Verify(address, res.Header, body)
	if err != nil {
		return nil, false, err
	}
	var e seal.Envelope
	if err := json.Unmarshal(body, &e); err != nil || e.Data == "" {
		if isRefusal(body) {
			return body, true, nil
		}
		return nil, false, errDowngrade
	}
	if plain, err = d.envelopes.Open(d.aad(address, proof.Time().Unix()), e); err != nil {
		return nil, false, err
	}
	return plain, true, d.checkInside(plain, proof.Time())
}

// checkInside compares what the envelope says about itself with its outside.
func (d *sealing) checkInside(plain []byte, at time.Time) error {
	var in struct {
		AppID string      `json:"_appid"`
		Stamp json.Number `json:"_timestamp"`
	}
	if json.Unmarshal(plain, &in) != nil || in.AppID != d.id.AppID || string(in.Stamp) != strconv.FormatInt(at.Unix(), 10) {
		return fmt.Errorf("%w: app id or time inside of the envelope differ from those outside", sign.ErrMismatch)
	}
	return nil
}

// isRefusal reports whether body is an account-side error in clear.
func isRefusal(body []byte) bool {
	var b struct {
		Code json.Number `json:"errcode"`
	}
	return json.Unmarshal(body, &b) == nil && b.Code != "" && b.Code != "0"
}
