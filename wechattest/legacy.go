package wechattest

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
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
	NativeURL     string // gets the callbacks of static native codes
}

// Legacy is WeChat and Tenpay as shops of 2014 know them, for one merchant: pages,
// mobile apps and static native codes pay, orders are queried and refunded, and
// bills list them. It is kept in memory, safe for concurrent use and an
// http.Handler; with RealClock it runs one goroutine until Close. It asks for no
// client certificate.
type Legacy struct {
	AppID, PartnerID       string
	PaySignKey, PartnerKey string // fresh ones for every Legacy
	NativeURL              string

	clock   Clock
	base    string
	sender  wechat.Transport
	timeout time.Duration
	token   string
	stop    func()
	moved   chan struct{}

	mu         sync.Mutex // guards what follows; never held while waiting
	orders     map[string]*legacyOrder
	list       []string          // numbers of orders, oldest first
	prepaid    map[string]string // prepay id → order number
	refunds    []*legacyRefund
	due        []*legacyNotice
	deliveries []LegacyDelivery
	closed     bool
}

// NewLegacy opens the account of one merchant, whose numbers begin 0000 and wx0000.
func NewLegacy(cfg LegacyConfig) (*Legacy, error) {
	l := &Legacy{AppID: "wx0000201400000001", PartnerID: "0000201401", PaySignKey: randomText(128), PartnerKey: randomText(32), NativeURL: cfg.NativeURL,
		clock: cfg.Clock, base: cfg.BaseURL, sender: cfg.Notify, timeout: cfg.NoticeTimeout, token: randomText(64),
		moved: make(chan struct{}, 1), orders: map[string]*legacyOrder{}, prepaid: map[string]string{}}
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
	l.stop = l.clock.follow(l)
	return l, nil
}

// Close ends the deliveries. What comes after is refused.
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

// Config is what wechat.NewMerchantLegacy needs, an access token included.
func (l *Legacy) Config() wechat.MerchantLegacyConfig {
	return wechat.MerchantLegacyConfig{AppID: l.AppID, PaySignKey: seal.NewKey(l.PaySignKey), PartnerID: l.PartnerID, PartnerKey: seal.NewKey(l.PartnerKey),
		Tokens: legacyToken{l.token}, GBK: gbk.Decode}
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
	return t.l.answer(r).response(r)
}

// ServeHTTP answers like api.weixin.qq.com and the hosts of Tenpay.
func (l *Legacy) ServeHTTP(w http.ResponseWriter, r *http.Request) { l.answer(r).writeTo(w) }

func (l *Legacy) answer(r *http.Request) *answer {
	body, err := readSome(r.Body)
	status, kind, text := 200, "application/json", ""
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil || l.closed:
		status, text = 500, "the simulator cannot answer"
	case r.Method != http.MethodPost:
		status, text = 405, "want POST"
	case strings.HasPrefix(r.URL.Path, "/pay/"):
		text = l.api(r.URL.Path, r.URL.Query().Get("access_token"), body)
	default:
		kind = kindXML
		status, text = l.gateway(r.URL.Path, body)
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
