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
	"strconv"
	"strings"
	"time"
)

// Scheme is the only signature scheme of APIv3 that this package speaks: the first
// word of an Authorization header and the value of Wechatpay-Signature-Type.
const Scheme = "WECHATPAY2-SHA256-RSA2048"

// Identity is the merchant that signs. It is a plain value, safe for concurrent
// use if its Key is; *rsa.PrivateKey is, and an HSM or KMS fits as well.
type Identity struct {
	MchID  string        // merchant number, 1 to 32 digits
	Serial string        // serial number of the merchant API certificate, hexadecimal
	Key    crypto.Signer // private key of that certificate, RSA of 2048 bits or more
}

// Validate says which field cannot be right: the number is not digits, the serial
// is not hexadecimal, the key is missing, not RSA or shorter than 2048 bits. It
// cannot know whether the three belong together; only WeChat Pay knows that.
func (i Identity) Validate() error {
	if err := i.words(); err != nil {
		return err
	}
	if isNil(i.Key) {
		return errors.New("sign: Identity.Key is nil: load apiclient_key.pem")
	}
	pub, ok := i.Key.Public().(*rsa.PublicKey)
	if !ok {
		return errors.New("sign: Identity.Key is not an RSA key: load apiclient_key.pem")
	}
	if err := checkRSA(pub); err != nil {
		return fmt.Errorf("sign: Identity.Key: %w", err)
	}
	return nil
}

// Authorize signs the request and sets its Authorization header, replacing one
// that is there. What it signs is r.Method, r.URL.RequestURI(), at in Unix seconds,
// nonce and body, so body has to be exactly what will be sent (for an upload: the
// meta part) and the URL must not change afterwards. Nonce is 1 to 32 letters or
// digits, new for every attempt; crypto/rand.Text makes good ones. Nothing is
// changed when an error is returned. Safe for concurrent use on different requests.
func (i Identity) Authorize(r *http.Request, body []byte, at time.Time, nonce string) error {
	if err := i.words(); err != nil {
		return err
	}
	path, err := pathOf(r)
	if err != nil {
		return err
	}
	if !isNonce(nonce) {
		return errors.New("sign: nonce must be 1 to 32 letters or digits")
	}
	seconds := at.Unix()
	if seconds <= 0 {
		return errors.New("sign: time lies before 1970: set the clock")
	}

	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	message := make([]byte, 0, max(640, len(method)+len(path)+len(r.URL.RawQuery)+len(nonce)+len(body)+64))
	message = append(append(message, method...), '\n')
	message = append(message, path...)
	if r.URL.RawQuery != "" {
		message = append(append(message, '?'), r.URL.RawQuery...)
	}
	message = append(message, '\n')
	message = append(strconv.AppendInt(message, seconds, 10), '\n')
	message = append(append(message, nonce...), '\n')
	message = append(append(message, body...), '\n')

	signature, err := i.sign(message)
	if err != nil {
		return err
	}
	if r.Header == nil {
		r.Header = make(http.Header)
	}
	r.Header["Authorization"] = []string{string(i.header(message[:0], seconds, nonce, signature))}
	return nil
}

// PaySign signs what a page, a mini program or an app hands to the WeChat client:
// every line followed by one LF, RSA with SHA-256, base64. The lines are, in this
// order, the app id, the Unix time, the nonce, and "prepay_id=…" for JSAPI and mini
// programs or the bare prepay id for apps; time and nonce have to be handed over as
// they were signed. A line must not contain a line break.
func (i Identity) PaySign(lines ...string) (string, error) {
	if len(lines) == 0 {
		return "", errors.New("sign: PaySign needs at least one line")
	}
	size := sha256.Size
	for _, line := range lines {
		if strings.IndexByte(line, '\n') >= 0 {
			return "", errors.New("sign: a line to sign contains a line break")
		}
		size += len(line) + 1
	}
	message := make([]byte, 0, max(384, size))
	for _, line := range lines {
		message = append(append(message, line...), '\n')
	}
	signature, err := i.sign(message)
	if err != nil {
		return "", err
	}
	return string(base64.StdEncoding.AppendEncode(message[:0], signature)), nil
}

// sign hashes the message and has the key sign the digest. The digest is kept
// behind the message, in the same memory where there is room.
func (i Identity) sign(message []byte) ([]byte, error) {
	if k, ok := i.Key.(*rsa.PrivateKey); i.Key == nil || ok && k == nil {
		return nil, errors.New("sign: Identity.Key is nil: load apiclient_key.pem")
	}
	sum := sha256.Sum256(message)
	end := len(message)
	message = append(message, sum[:]...)
	signature, err := i.Key.Sign(rand.Reader, message[end:len(message):len(message)], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("sign: the merchant's private key could not sign: %w", err)
	}
	if len(signature) == 0 {
		return nil, errors.New("sign: the merchant's private key returned an empty signature")
	}
	return signature, nil
}

// header appends the value of the Authorization header to b.
func (i Identity) header(b []byte, seconds int64, nonce string, signature []byte) []byte {
	b = append(b, Scheme+` mchid="`...)
	b = append(b, i.MchID...)
	b = append(b, `",nonce_str="`...)
	b = append(b, nonce...)
	b = append(b, `",timestamp="`...)
	b = strconv.AppendInt(b, seconds, 10)
	b = append(b, `",serial_no="`...)
	b = append(b, i.Serial...)
	b = append(b, `",signature="`...)
	b = base64.StdEncoding.AppendEncode(b, signature)
	return append(b, '"')
}

// pathOf returns the escaped path of the request line. The query is appended by the
// caller; a bare "?" is not signed.
func pathOf(r *http.Request) (string, error) {
	if r == nil || r.URL == nil {
		return "", errors.New("sign: request without a URL")
	}
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	if r.URL.Opaque != "" || path[0] != '/' {
		return "", errors.New("sign: the request URL must have an absolute path")
	}
	if strings.IndexByte(r.URL.RawQuery, '\n') >= 0 || strings.IndexByte(r.Method, '\n') >= 0 {
		return "", errors.New("sign: method and query must not contain a line break")
	}
	return path, nil
}
