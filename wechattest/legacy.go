package wechattest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	crand "crypto/rand"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/gbk"
	"github.com/wxcommerce/wechat/seal"
)

// LegacyConfig says how a Legacy works; its zero value is good, as with Config.
type LegacyConfig struct {
	Clock         Clock
	BaseURL       string
	Notify        wechat.Transport
	NoticeTimeout time.Duration
	NativeURL     string        // gets the callbacks of static native codes
	RightsURL     string        // gets the callbacks of users who complain
	AlarmURL      string        // gets alarms
	DeliverWithin time.Duration // how late a delivery may be before an alarm; 72 hours if zero
	// Dir is the folder of a file that holds everything, keys included, in clear;
	// empty means memory only. One process at a time may use a folder.
	Dir string
	// RefundDelay is how long a refund stays under way (refund_status 8); none if zero.
	RefundDelay time.Duration
	// Seed decides every fault that has a Chance.
	Seed uint64
}

// Legacy is WeChat and Tenpay as shops of 2014 know them, for one merchant: pages,
// mobile apps and static native codes pay, orders are queried and refunded, and
// bills list them. It is safe for concurrent use and an http.Handler; with
// RealClock it runs one goroutine until Close. It asks for no client certificate,
// though Config has one, as clients want it for refunds.
type Legacy struct {
	AppID, PartnerID       string
	PaySignKey, PartnerKey string // fresh ones for every new Legacy
	NativeURL              string

	clock               Clock
	base                string
	sender              wechat.Transport
	timeout             time.Duration
	delay               time.Duration // of refunds
	within              time.Duration // to deliver
	rightsURL, alarmURL string
	dir                 string
	token               string
	cert                tls.Certificate
	stop                func()
	moved               chan struct{}

	mu         sync.Mutex // guards what follows; never held while waiting
	orders     map[string]*legacyOrder
	list       []string          // numbers of orders, oldest first
	prepaid    map[string]string // prepay id → order number
	refunds    []*legacyRefund
	due        []*legacyNotice
	deliveries []LegacyDelivery
	feedbacks  []*LegacyFeedback
	faults     faultDesk
	spoils     []*armedNotice
	dice       *rand.Rand
	closed     bool // or its file takes no more
}

// NewLegacy opens the account of one merchant, whose numbers begin 0000 and wx0000.
func NewLegacy(cfg LegacyConfig) (*Legacy, error) {
	l := &Legacy{AppID: "wx0000201400000001", PartnerID: "0000201401", PaySignKey: randomText(128), PartnerKey: randomText(32), NativeURL: cfg.NativeURL,
		clock: cfg.Clock, base: cfg.BaseURL, sender: cfg.Notify, timeout: cfg.NoticeTimeout, token: randomText(64), dir: cfg.Dir, delay: cfg.RefundDelay,
		moved: make(chan struct{}, 1), orders: map[string]*legacyOrder{}, prepaid: map[string]string{}, dice: rand.New(rand.NewPCG(cfg.Seed, 2014))}
	l.rightsURL, l.alarmURL, l.within = cfg.RightsURL, cfg.AlarmURL, cfg.DeliverWithin
	if l.within <= 0 {
		l.within = deliverWithin
	}
	l.faults.lock, l.faults.dice = &l.mu, l.dice
	if l.clock == nil {
		l.clock = RealClock()
	}
	if l.base == "" {
		l.base = "http://127.0.0.1"
	}
	if l.sender == nil {
		l.sender = newLoopbackClient()
	}
	if l.timeout <= 0 {
		l.timeout = 5 * time.Second
	}
	if err := checkBase(l.base); err != nil {
		return nil, err
	}
	var err error
	if l.cert, err = tenpayCertificate(l.clock.Now()); err != nil {
		return nil, err
	}
	if err := l.restore(); err != nil {
		return nil, err
	}
	l.stop = l.clock.follow(l)
	return l, nil
}

// tenpayCertificate is a client certificate such as Tenpay handed out.
func tenpayCertificate(from time.Time) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("wechattest: making keys: %w", err)
	}
	t := &x509.Certificate{SerialNumber: big.NewInt(2014), Subject: pkix.Name{CommonName: "simulated Tenpay merchant, protects nothing"},
		NotBefore: from.Add(-time.Hour), NotAfter: from.AddDate(yearsValid, 0, 0), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(crand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("wechattest: issuing a certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// Close ends the deliveries; with a folder, what was due stays due for the next
// Legacy in it. What comes after is refused.
func (l *Legacy) Close() error {
	l.stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if c, ok := l.sender.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
	return nil
}

// Format prints the numbers, whatever the verb; never a key.
func (l *Legacy) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "simulated merchant of 2014 "+l.PartnerID)
}

// Config is what wechat.NewMerchantLegacy needs, an access token and a client
// certificate included.
func (l *Legacy) Config() wechat.MerchantLegacyConfig {
	return wechat.MerchantLegacyConfig{AppID: l.AppID, PaySignKey: seal.NewKey(l.PaySignKey), PartnerID: l.PartnerID, PartnerKey: seal.NewKey(l.PartnerKey),
		Tokens: legacyToken{l.token}, GBK: gbk.Decode, Certificate: &l.cert}
}

// Options point a client at this simulator, without sockets and on its clock.
func (l *Legacy) Options() []wechat.Option {
	return []wechat.Option{wechat.WithTransport(l.Transport()), wechat.WithBaseURL(l.base), wechat.WithClock(l.clock.Now)}
}

type legacyToken struct{ text string }

func (t legacyToken) Token(context.Context) (wechat.Token, error) { return seal.NewKey(t.text), nil }

func (legacyToken) Refuse(context.Context, wechat.Token) error {
	return errors.New("wechattest: the token of Legacy.Config never changes")
}

// sumLegacy is the rule of 2014 for the paySignKey: names in lower case, the key
// among them, empty values kept.
func (l *Legacy) sumLegacy(f fieldsV2) string {
	low := fieldsV2{"appkey": l.PaySignKey}
	for name, value := range f {
		low[strings.ToLower(name)] = value
	}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(low)) {
		lines = append(lines, name+"="+low[name])
	}
	sum := sha1.Sum([]byte(strings.Join(lines, "&")))
	return hex.EncodeToString(sum[:])
}

// unpack proves a package or the like: pairs whose last is the sign of the others.
func (l *Legacy) unpack(pack string) (fieldsV2, error) {
	f := fieldsV2{}
	for part := range strings.SplitSeq(pack, "&") {
		name, escaped, ok := strings.Cut(part, "=")
		value, err := url.PathUnescape(escaped) // a plus is a plus
		if _, twice := f[name]; !ok || err != nil || twice {
			return nil, errors.New("package is malformed")
		}
		f[name] = value
	}
	if f["sign"] != sumV2(f, l.PartnerKey, digestMD5) {
		return nil, errors.New("package is not signed with this partnerKey")
	}
	if f["partner"] != l.PartnerID {
		return nil, errors.New("partner is another merchant")
	}
	return f, nil
}

// Transport carries requests to the simulator without a socket.
func (l *Legacy) Transport() wechat.Transport { return legacyTransport{l} }

type legacyTransport struct{ l *Legacy }

func (t legacyTransport) Do(r *http.Request) (*http.Response, error) {
	defer closeBody(r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if realHost(r.URL.Host) {
		return nil, fmt.Errorf("wechattest: request for %s: simulated merchants must not talk to WeChat's hosts", r.URL.Host)
	}
	a := t.l.serve(r, r.URL.RequestURI())
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return a.response(r)
}

// ServeHTTP answers like api.weixin.qq.com and the hosts of Tenpay.
func (l *Legacy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.serve(r, r.RequestURI).writeTo(w)
}

func (l *Legacy) answer(in *inbound) *answer {
	status, kind, text := 200, "application/json", ""
	l.mu.Lock()
	defer l.mu.Unlock()
	query, err := url.ParseQuery(in.query)
	switch {
	case err != nil || l.closed:
		status, text = 500, "the simulator cannot answer"
	case in.path == "/payfeedback/update" && in.method == http.MethodGet:
		code, says := l.handled(query)
		text = fmt.Sprintf(`{"errcode":%d,"errmsg":%q}`, code, says)
	case in.method != http.MethodPost:
		status, text = 405, "want POST"
	case strings.HasPrefix(in.path, "/pay/"):
		text = l.api(in.path, query.Get("access_token"), in.body)
	default:
		kind = kindXML
		status, text = l.gateway(in.path, in.body)
	}
	if l.closed { // its file failed: nobody knows whether this happened
		status, text = 500, "the simulator cannot answer"
	}
	return &answer{status: status, header: http.Header{"Content-Type": {kind}}, body: []byte(text), cut: -1}
}

func readSome(body io.ReadCloser) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	return io.ReadAll(io.LimitReader(body, maxRequest))
}

func stampLegacy(t time.Time) string { return t.In(wechat.Beijing).Format("20060102150405") }

func seconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// sumOrdered is MD5 over text as it stands, for bills.
func sumOrdered(text, key string) string {
	sum := md5.Sum([]byte(text + "key=" + key))
	return hex.EncodeToString(sum[:])
}
