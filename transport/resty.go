package transport

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"reflect"
	"sort"
	"strings"

	"github.com/go-resty/resty/v2"
)

// WithResty takes the connections of a resty client that a shop already has: its http.Client's Transport (with proxy,
// authorities and client certificates) and Timeout. The client itself is neither altered nor kept, and what is set on
// it later has no effect here, save through the Transport both share. It must not be in use while New reads it.
//
// New refuses a client whose settings would rewrite, repeat, print or answer requests: query and path parameters, form
// data, headers, cookies, credentials, base URL, retries, middlewares, hooks, rate limits, redirect policies, debug
// output, and connections without certificate checks. The error lists them. The empty cookie jar that resty.New
// brings along is left out. WithResty cannot be combined with options that shape connections, such as [WithRootCAs].
func WithResty(client *resty.Client) Option {
	return func(s *settings) error {
		if client == nil || client.GetClient() == nil {
			return errors.New("transport: WithResty: the client is nil or was not made by resty.New")
		}
		found := append(unfitSettings(client), unfitConnections(client.GetClient())...)
		if len(found) > 0 {
			return fmt.Errorf("transport: WithResty: the client would change, repeat or expose signed requests: %s; "+
				"pass a resty client without them (retries, observing and limits are options of package wechat)",
				strings.Join(found, ", "))
		}
		s.theirs = client.GetClient()
		return nil
	}
}

// unfit names the settings that must stay at resty's default, by the field of resty.Client that keeps them.
var unfit = map[string]string{
	"BaseURL": "base URL (SetBaseURL)", "HostURL": "host URL (SetHostURL)", "scheme": "scheme (SetScheme)",
	"QueryParam": "query parameters (SetQueryParam)", "unescapeQueryParams": "query rewriting (SetUnescapeQueryParams)",
	"PathParams": "path parameters (SetPathParam)", "RawPathParams": "path parameters (SetRawPathParam)",
	"FormData": "form data (SetFormData)", "AllowGetMethodPayload": "bodies on GET (SetAllowGetMethodPayload)",
	"Header": "default headers (SetHeader)", "Cookies": "cookies (SetCookie)",
	"UserInfo": "basic auth (SetBasicAuth)", "Token": "auth token (SetAuthToken)",
	"AuthScheme": "auth scheme (SetAuthScheme)", "HeaderAuthorizationKey": "auth header name (HeaderAuthorizationKey)",
	"RetryCount": "retries (SetRetryCount)", "RetryConditions": "retry conditions (AddRetryCondition)",
	"RetryHooks": "retry hooks (AddRetryHook)", "RetryAfter": "retry delays (SetRetryAfter)",
	"udBeforeRequest": "request middleware (OnBeforeRequest, SetDigestAuth)", "beforeRequest": "built-in request steps",
	"preReqHook": "pre-request hook (SetPreRequestHook)", "afterResponse": "response middleware (OnAfterResponse)",
	"successHooks": "success hooks (OnSuccess)", "errorHooks": "error hooks (OnError)",
	"invalidHooks": "hooks (OnInvalid)", "panicHooks": "hooks (OnPanic)",
	"Debug": "debug output of whole requests (SetDebug)", "generateCurlOnDebug": "curl output (EnableGenerateCurlOnDebug)",
	"requestLog": "request log (OnRequestLog)", "responseLog": "response log (OnResponseLog)",
	"closeConnection": "closing of connections (SetCloseConnection)", "rateLimiter": "rate limit (SetRateLimiter)",
	"ResponseBodyLimit": "answer limit (SetResponseBodyLimit)", "Error": "parsing of errors (SetError)",
}

// harmless lists the settings that only matter to features no request of ours uses: parsing, logging, saving.
var harmless = map[string]bool{
	"DisableWarn": true, "RetryWaitTime": true, "RetryMaxWaitTime": true, "RetryResetReaders": true, "trace": true,
	"JSONMarshal": true, "JSONUnmarshal": true, "XMLMarshal": true, "XMLUnmarshal": true, "jsonEscapeHTML": true,
	"setContentLength": true, "notParseResponse": true, "debugBodySizeLimit": true, "outputDirectory": true,
	"log": true, "proxyURL": true, "httpClient": true, "udBeforeRequestLock": true, "afterResponseLock": true,
}

// unfitSettings compares every field of the client with a fresh one. Most of them are unexported, and resty has no
// way to ask for them, so this looks at them by reflection, which may read their shape though not their value. That
// is safer than sending a probe: middlewares and hooks of the caller would see it. A field that neither list knows
// comes from a newer resty and is refused as soon as it is in use.
func unfitSettings(client *resty.Client) []string {
	fresh := reflect.ValueOf(resty.NewWithClient(&http.Client{Transport: http.DefaultTransport})).Elem()
	have := reflect.ValueOf(client).Elem()
	var found []string
	for i := range have.NumField() {
		name := have.Type().Field(i).Name
		if harmless[name] || same(have.Field(i), fresh.Field(i)) {
			continue
		}
		what, known := unfit[name]
		if !known {
			what = "a setting unknown to this library (" + name + ")"
		}
		found = append(found, what)
	}
	sort.Strings(found)
	return found
}

// same says whether two fields hold the same setting. Maps and slices of settings are empty by default, so their
// length tells; functions are compared by their code.
func same(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Func:
		return a.Pointer() == b.Pointer()
	case reflect.Pointer, reflect.Interface:
		return a.IsNil() == b.IsNil()
	case reflect.Map:
		return a.Len() == b.Len()
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !same(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	}
	return a.Equal(b)
}

// unfitConnections looks at the http.Client below resty.
func unfitConnections(hc *http.Client) []string {
	var found []string
	if !emptyJar(hc.Jar) {
		found = append(found, "cookie jar (SetCookieJar)")
	}
	if hc.CheckRedirect != nil && follows(hc.CheckRedirect) {
		found = append(found, "redirect policy (SetRedirectPolicy)")
	}
	t, ok := hc.Transport.(*http.Transport)
	if !ok || t == nil || t.TLSClientConfig == nil {
		return found
	}
	if config := t.TLSClientConfig; config.InsecureSkipVerify && config.VerifyConnection == nil {
		found = append(found, "TLS without certificate checks (InsecureSkipVerify)")
	}
	if v := t.TLSClientConfig.MinVersion; v != 0 && v < tls.VersionTLS12 {
		found = append(found, "TLS older than 1.2 (MinVersion)")
	}
	return found
}

// emptyJar accepts no jar and a standard one that holds nothing, which resty.New installs unasked.
func emptyJar(jar http.CookieJar) bool {
	if jar == nil {
		return true
	}
	standard, ok := jar.(*cookiejar.Jar)
	if !ok || standard == nil {
		return false
	}
	entries := reflect.ValueOf(standard).Elem().FieldByName("entries")
	return entries.Kind() == reflect.Map && entries.Len() == 0
}

// follows asks a redirect policy about a redirect within WeChat's own host. A policy that stops even that one agrees
// with ours; any other wants something that New would silently take away.
func follows(policy func(*http.Request, []*http.Request) error) bool {
	ask := func() *http.Request {
		u := &url.URL{Scheme: "https", Host: "api.mch.weixin.qq.com", Path: "/"}
		return &http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: http.Header{}}
	}
	return policy(ask(), []*http.Request{ask()}) == nil
}
