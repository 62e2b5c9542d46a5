package transport_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/go-resty/resty/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/transport"
)

type limiter struct{}

func (limiter) Allow() bool { return true }

type ownJar struct{ http.CookieJar }

func filledJar() http.CookieJar {
	jar, _ := cookiejar.New(nil)
	jar.SetCookies(&url.URL{Scheme: "https", Host: "api.mch.weixin.qq.com"}, []*http.Cookie{{Name: "id", Value: "canary"}})
	return jar
}

func TestWithResty_RefusesWhatRewrites(t *testing.T) {
	t.Parallel()
	tests := []struct {
		want string
		set  func(*resty.Client)
	}{
		{"SetBaseURL", func(c *resty.Client) { c.SetBaseURL("https://canary") }},
		{"SetHostURL", func(c *resty.Client) { c.HostURL = "https://canary" }},
		{"SetScheme", func(c *resty.Client) { c.SetScheme("http") }},
		{"SetQueryParam", func(c *resty.Client) { c.SetQueryParam("k", "canary") }},
		{"SetUnescapeQueryParams", func(c *resty.Client) { c.SetUnescapeQueryParams(true) }},
		{"SetPathParam", func(c *resty.Client) { c.SetPathParam("id", "canary") }},
		{"SetRawPathParam", func(c *resty.Client) { c.SetRawPathParam("id", "canary") }},
		{"SetFormData", func(c *resty.Client) { c.SetFormData(map[string]string{"a": "canary"}) }},
		{"SetAllowGetMethodPayload", func(c *resty.Client) { c.SetAllowGetMethodPayload(true) }},
		{"SetHeader", func(c *resty.Client) { c.SetHeader("X-A", "canary") }},
		{"SetCookie", func(c *resty.Client) { c.SetCookie(&http.Cookie{Name: "a", Value: "canary"}) }},
		{"SetBasicAuth", func(c *resty.Client) { c.SetBasicAuth("a", "canary") }},
		{"SetDigestAuth", func(c *resty.Client) { c.SetDigestAuth("a", "canary") }},
		{"SetAuthToken", func(c *resty.Client) { c.SetAuthToken("canary") }},
		{"SetAuthScheme", func(c *resty.Client) { c.SetAuthScheme("OAuth") }},
		{"HeaderAuthorizationKey", func(c *resty.Client) { c.HeaderAuthorizationKey = "X-Auth" }},
		{"SetRetryCount", func(c *resty.Client) { c.SetRetryCount(2) }},
		{"AddRetryCondition", func(c *resty.Client) { c.AddRetryCondition(func(*resty.Response, error) bool { return true }) }},
		{"AddRetryHook", func(c *resty.Client) { c.AddRetryHook(func(*resty.Response, error) {}) }},
		{"SetRetryAfter", func(c *resty.Client) {
			c.SetRetryAfter(func(*resty.Client, *resty.Response) (time.Duration, error) { return 0, nil })
		}},
		{"OnBeforeRequest", func(c *resty.Client) { c.OnBeforeRequest(func(*resty.Client, *resty.Request) error { return nil }) }},
		{"SetPreRequestHook", func(c *resty.Client) { c.SetPreRequestHook(func(*resty.Client, *http.Request) error { return nil }) }},
		{"OnAfterResponse", func(c *resty.Client) { c.OnAfterResponse(func(*resty.Client, *resty.Response) error { return nil }) }},
		{"OnSuccess", func(c *resty.Client) { c.OnSuccess(func(*resty.Client, *resty.Response) {}) }},
		{"OnError", func(c *resty.Client) { c.OnError(func(*resty.Request, error) {}) }},
		{"OnInvalid", func(c *resty.Client) { c.OnInvalid(func(*resty.Request, error) {}) }},
		{"OnPanic", func(c *resty.Client) { c.OnPanic(func(*resty.Request, error) {}) }},
		{"SetDebug", func(c *resty.Client) { c.SetDebug(true) }},
		{"EnableGenerateCurlOnDebug", func(c *resty.Client) { c.EnableGenerateCurlOnDebug() }},
		{"OnRequestLog", func(c *resty.Client) { c.OnRequestLog(func(*resty.RequestLog) error { return nil }) }},
		{"OnResponseLog", func(c *resty.Client) { c.OnResponseLog(func(*resty.ResponseLog) error { return nil }) }},
		{"SetCloseConnection", func(c *resty.Client) { c.SetCloseConnection(true) }},
		{"SetRateLimiter", func(c *resty.Client) { c.SetRateLimiter(limiter{}) }},
		{"SetResponseBodyLimit", func(c *resty.Client) { c.SetResponseBodyLimit(10) }},
		{"SetError", func(c *resty.Client) { c.SetError(struct{}{}) }},
		{"SetCookieJar", func(c *resty.Client) { c.SetCookieJar(filledJar()) }},
		{"SetCookieJar", func(c *resty.Client) { c.SetCookieJar(ownJar{}) }},
		{"SetRedirectPolicy", func(c *resty.Client) { c.SetRedirectPolicy(resty.FlexibleRedirectPolicy(3)) }},
		{"SetRedirectPolicy", func(c *resty.Client) {
			c.SetRedirectPolicy(resty.DomainCheckRedirectPolicy("api.mch.weixin.qq.com"))
		}},
		{"InsecureSkipVerify", func(c *resty.Client) {
			c.SetTLSClientConfig(&tls.Config{InsecureSkipVerify: true}) //nolint:gosec // what is to be refused
		}},
		{"MinVersion", func(c *resty.Client) {
			c.SetTLSClientConfig(&tls.Config{MinVersion: tls.VersionTLS10}) //nolint:gosec // what is to be refused
		}},
	}
	for _, test := range tests {
		t.Run(test.want, func(t *testing.T) {
			t.Parallel()
			client := resty.New()
			test.set(client)
			c, err := transport.New(transport.WithResty(client))
			require.ErrorContains(t, err, test.want)
			assert.NotContains(t, err.Error(), "canary")
			assert.ErrorContains(t, err, "pass a resty client without them")
			assert.Nil(t, c)
		})
	}
}

func TestWithResty_NamesEverythingAtOnce(t *testing.T) {
	t.Parallel()
	client := resty.New().SetRetryCount(1).SetAuthToken("canary").SetCookieJar(filledJar())
	_, err := transport.New(transport.WithResty(client))
	require.ErrorContains(t, err, "auth token (SetAuthToken), retries (SetRetryCount), cookie jar (SetCookieJar)")
}

func TestWithResty_AcceptsWhatIsHarmless(t *testing.T) {
	t.Parallel()
	tests := map[string]*resty.Client{
		"fresh":             resty.New(),
		"no jar":            resty.New().SetCookieJar(nil),
		"own http client":   resty.NewWithClient(&http.Client{}),
		"no redirects":      resty.New().SetRedirectPolicy(resty.NoRedirectPolicy()),
		"timeout and proxy": resty.New().SetTimeout(time.Second).SetProxy("http://127.0.0.1:1"),
		"TLS": resty.New().SetTLSClientConfig(&tls.Config{MinVersion: tls.VersionTLS13}).
			SetRootCertificateFromString("none"),
		"own check": resty.New().SetTLSClientConfig(&tls.Config{InsecureSkipVerify: true, //nolint:gosec // pinned
			VerifyConnection: func(tls.ConnectionState) error { return errors.New("pin") }}),
		"parsing and logging": resty.New().SetJSONEscapeHTML(false).SetContentLength(true).SetDoNotParseResponse(true).
			SetRetryWaitTime(time.Second).SetDisableWarn(true).EnableTrace().SetOutputDirectory("x"),
		"clone": resty.New().Clone(),
	}
	for name, client := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := transport.New(transport.WithResty(client))
			require.NoError(t, err)
		})
	}
}

func TestWithResty_RefusesWhatIsNoClient(t *testing.T) {
	t.Parallel()
	for name, client := range map[string]*resty.Client{"nil": nil, "zero": {}} {
		_, err := transport.New(transport.WithResty(client))
		require.ErrorContains(t, err, "resty.New", name)
	}
}

func TestWithResty_ExcludesOptionsForConnections(t *testing.T) {
	t.Parallel()
	for _, opts := range [][]transport.Option{
		{transport.WithResty(resty.New()), transport.WithPoolSize(3)},
		{transport.WithRootCAs(x509.NewCertPool()), transport.WithResty(resty.New())},
	} {
		_, err := transport.New(opts...)
		require.ErrorContains(t, err, "cannot be combined with WithResty")
	}
}

// TestWithResty_LeavesTheCallersClientsAlone compares every field of both, before and after use.
func TestWithResty_LeavesTheCallersClientsAlone(t *testing.T) {
	t.Parallel()
	answer := roundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 307, Header: http.Header{"Location": {"/x"}, "Set-Cookie": {"a=b"}}, Body: http.NoBody, Request: r}, nil
	})
	for name, hc := range map[string]*http.Client{"plain": {Transport: answer}, "with jar": {Transport: answer, Jar: mustJar()}} {
		rc := resty.NewWithClient(hc)
		restyBefore, httpBefore := *rc, *hc
		c := newClient(t, transport.WithResty(rc))
		res, err := c.Do(request(t, t.Context(), "POST", "https://h/a", "{}"))
		require.NoError(t, err, name)
		require.NoError(t, res.Body.Close())
		assert.Equal(t, 307, res.StatusCode)
		assert.Same(t, hc, rc.GetClient())
		assert.Nil(t, hc.CheckRedirect)
		assert.Equal(t, reflect.ValueOf(httpBefore.Transport).Pointer(), reflect.ValueOf(hc.Transport).Pointer())
		assert.Equal(t, httpBefore.Jar, hc.Jar)
		if hc.Jar != nil {
			assert.Empty(t, hc.Jar.Cookies(res.Request.URL))
		}
		assert.Equal(t, fields(restyBefore), fields(*rc))
	}
}

func mustJar() http.CookieJar {
	jar, _ := cookiejar.New(nil)
	return jar
}

// fields renders the shape of every field; functions and pointers by address.
func fields(c resty.Client) map[string]any {
	out := map[string]any{}
	v := reflect.ValueOf(c)
	for i := range v.NumField() {
		f := v.Field(i)
		switch f.Kind() {
		case reflect.Func, reflect.Pointer:
			out[v.Type().Field(i).Name] = f.Pointer()
		case reflect.Map, reflect.Slice:
			out[v.Type().Field(i).Name] = f.Len()
		case reflect.Interface:
			out[v.Type().Field(i).Name] = f.IsNil()
		default:
			out[v.Type().Field(i).Name] = f.String()
		}
	}
	return out
}

func TestWithResty_UsesItsConnectionsAndTimeout(t *testing.T) {
	t.Parallel()
	used := 0
	rc := resty.NewWithClient(&http.Client{Timeout: 30 * time.Millisecond, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		used++
		<-r.Context().Done()
		return nil, r.Context().Err()
	})})
	_, err := newClient(t, transport.WithResty(rc)).Do(request(t, t.Context(), "GET", "https://h/", ""))
	var timeout interface{ Timeout() bool }
	require.ErrorAs(t, err, &timeout)
	assert.True(t, timeout.Timeout())
	assert.Equal(t, 1, used)

	lazy := resty.New()
	lazy.GetClient().Transport = nil
	_, err = transport.New(transport.WithResty(lazy))
	require.NoError(t, err)
	assert.Nil(t, lazy.GetClient().Transport, "resty fills in a Transport: not in the caller's client")
}
