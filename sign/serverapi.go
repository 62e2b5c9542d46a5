package sign

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	headerAppID         = "Wechatmp-Appid"
	headerAppTime       = "Wechatmp-Timestamp" // the documents write TimeStamp; case does not matter
	headerAppSerial     = "Wechatmp-Serial"
	headerAppSignature  = "Wechatmp-Signature"
	headerOldAppSerial  = "Wechatmp-Serial-Deprecated"
	headerOldAppSigning = "Wechatmp-Signature-Deprecated"
)

// pss is the only padding of the server API: the salt is as long as the hash.
func pss() *rsa.PSSOptions {
	return &rsa.PSSOptions{SaltLength: sha256.Size, Hash: crypto.SHA256}
}

// AppIdentity is the account that signs calls of the server API at
// api.weixin.qq.com (服务端API签名). It is a plain value, safe for concurrent use
// if its Key is.
type AppIdentity struct {
	AppID string
	Key   crypto.Signer // the private half of the RSA key in the console; it may live in an HSM that can do PSS
}

// Validate says which field cannot be right. Whether they belong together only
// WeChat knows.
func (i AppIdentity) Validate() error {
	if i.AppID == "" || len(i.AppID) > 64 || !every(i.AppID, isVisible) {
		return fmt.Errorf("sign: AppIdentity.AppID must be the app id (wx…); it has %d characters", len(i.AppID))
	}
	if isNil(i.Key) {
		return errors.New("sign: AppIdentity.Key is nil: load the private key whose public half is in the console")
	}
	pub, ok := i.Key.Public().(*rsa.PublicKey)
	if !ok {
		return errors.New("sign: AppIdentity.Key is not an RSA key: SM2 is not supported")
	}
	if err := checkRSA(pub); err != nil {
		return fmt.Errorf("sign: AppIdentity.Key: %w", err)
	}
	return nil
}

// APIURL is how the server API names a call in what it signs and encrypts: the
// address without the query.
func APIURL(u *url.URL) string { return u.Scheme + "://" + u.Host + u.EscapedPath() }

// Authorize signs the request and sets its three Wechatmp headers, replacing those
// that are there. It signs APIURL(r.URL), the app id, at in Unix seconds and body,
// which has to be exactly what will be sent. Nothing is changed when an error is
// returned. Safe for concurrent use on different requests.
func (i AppIdentity) Authorize(r *http.Request, body []byte, at time.Time) error {
	if err := i.Validate(); err != nil {
		return err
	}
	if r == nil || r.URL == nil || r.URL.Host == "" {
		return errors.New("sign: request without a whole URL")
	}
	seconds := at.Unix()
	if seconds <= 0 {
		return errors.New("sign: time lies before 1970: set the clock")
	}
	stamp := strconv.FormatInt(seconds, 10)
	digest := appDigest(APIURL(r.URL), i.AppID, stamp, body)
	signature, err := i.Key.Sign(rand.Reader, digest[:], pss())
	if err != nil {
		return fmt.Errorf("sign: the app's private key could not sign: %w", err)
	}
	if len(signature) == 0 {
		return errors.New("sign: the app's private key returned an empty signature")
	}
	if r.Header == nil {
		r.Header = make(http.Header)
	}
	r.Header.Set(headerAppID, i.AppID)
	r.Header.Set(headerAppTime, stamp)
	r.Header.Set(headerAppSignature, base64.StdEncoding.EncodeToString(signature))
	return nil
}

// appDigest hashes the four lines; there is no line feed after the last.
func appDigest(address, appID, stamp string, body []byte) [sha256.Size]byte {
	head := address + "\n" + appID + "\n" + stamp + "\n"
	return sha256.Sum256(append(append(make([]byte, 0, len(head)+len(body)), head...), body...))
}

// AppPlatformKey is a platform key of the server API: the key of the certificate
// that the console offers, and the number the console shows beside it, which is
// not the certificate's own serial number.
type AppPlatformKey struct {
	Serial string
	Key    *rsa.PublicKey
}

// AppVerifier proves that answers of the server API come from WeChat. It is
// immutable and safe for concurrent use if its clock is.
type AppVerifier struct {
	appID string
	keys  map[string]*rsa.PublicKey
	now   func() time.Time
}

// NewAppVerifier makes an AppVerifier for answers to appID that believes keys: the
// current one and, while the platform's key changes, the other one as well. A nil
// now means time.Now.
func NewAppVerifier(appID string, now func() time.Time, keys ...AppPlatformKey) (*AppVerifier, error) {
	if now == nil {
		now = time.Now
	}
	v := &AppVerifier{appID: appID, keys: make(map[string]*rsa.PublicKey, len(keys)), now: now}
	if len(keys) == 0 {
		return nil, errors.New("sign: no platform key: download the certificate from the console")
	}
	for _, k := range keys {
		if k.Serial == "" || len(k.Serial) > 128 || !every(k.Serial, isVisible) {
			return nil, fmt.Errorf("sign: platform key serial %s: copy the number from the console", show(k.Serial))
		}
		if err := checkRSA(k.Key); err != nil {
			return nil, fmt.Errorf("sign: platform key %s: %w", show(k.Serial), err)
		}
		if v.keys[k.Serial] != nil {
			return nil, fmt.Errorf("sign: platform key %s was given twice", show(k.Serial))
		}
		own := *k.Key
		v.keys[k.Serial] = &own
	}
	return v, nil
}

// Verify checks the signature of the answer to a call of address, an APIURL. The
// Wechatmp headers have to be there exactly once each, for our app id, less than
// 300 seconds from now in either direction. While the platform's key changes, an
// answer carries two signatures; the one by a key that is known decides, the
// current one first. The error wraps ErrUnsigned, ErrStale, ErrUnknownKey or
// ErrMismatch.
func (v *AppVerifier) Verify(address string, h http.Header, body []byte) (Verified, error) {
	c, err := readAppClaim(h)
	if err != nil {
		return Verified{}, err
	}
	if c.appID != v.appID {
		return Verified{}, because(ErrMismatch, "the answer is for app %s, not for %s", show(c.appID), show(v.appID))
	}
	if err := (&Verifier{now: v.now}).fresh(c.at); err != nil {
		return Verified{}, err
	}
	for _, s := range c.signatures {
		key := v.keys[s.serial]
		if key == nil {
			continue
		}
		raw, err := decodeSignature(headerAppSignature, s.text)
		if err != nil {
			return Verified{}, err
		}
		digest := appDigest(address, c.appID, c.stamp, body)
		if len(raw) != key.Size() || rsa.VerifyPSS(key, crypto.SHA256, digest[:], raw, pss()) != nil {
			return Verified{}, because(ErrMismatch, "the body was changed on its way, the address is not the one that was called, or the platform key configured as %s is another", show(s.serial))
		}
		return Verified{func() proof { return proof{body: body, serial: s.serial, at: c.at} }}, nil
	}
	return Verified{}, because(ErrUnknownKey, "%s: compare it with the number of the platform certificate in the console", show(c.signatures[0].serial))
}

// appClaim is what the headers of an answer say, before any of it is proved.
type appClaim struct {
	appID, stamp string
	at           time.Time
	signatures   []appSignature
}

type appSignature struct{ serial, text string }

// IsSigned reports whether any header of the server API's signature is there.
func IsSigned(h http.Header) bool {
	for name := range h {
		if len(name) > 9 && strings.EqualFold(name[:9], "Wechatmp-") {
			return true
		}
	}
	return false
}

func readAppClaim(h http.Header) (c appClaim, err error) {
	fields := [...]field{{name: headerAppID}, {name: headerAppTime}, {name: headerAppSerial}, {name: headerAppSignature},
		{name: headerOldAppSerial}, {name: headerOldAppSigning}}
	collect(h, fields[:])
	demanded := fields[:4]
	if fields[4].count+fields[5].count > 0 {
		demanded = fields[:]
	}
	for _, f := range demanded {
		if err := f.once(); err != nil {
			return c, err
		}
		if !every(f.value, isVisible) {
			return c, because(ErrUnsigned, "header %s must be plain visible ASCII", f.name)
		}
	}
	for i := 2; i < len(demanded); i += 2 {
		c.signatures = append(c.signatures, appSignature{demanded[i].value, demanded[i+1].value})
	}
	c.appID, c.stamp = fields[0].value, fields[1].value
	c.at, err = readStamp(headerAppTime, c.stamp)
	return c, err
}
