package wechat

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
)

// unsignedPaths answer without a signature, by design; the prefix form ends in a
// slash. Nothing else may skip verification.
var unsignedPaths = []string{
	"/v3/billdownload/file",
	"/v3/merchant-service/images/",
	"/v3/global/merchant-service/images/",
	"/v3/new-tax-control-fapiao/download",
	"/v3/transferdownload/elecvoucherfile",
	"/v3/transferdownload/signfile",
	"/v3/statements",
	"/v3/global/statements",
}

// officialHosts may receive a signed download request.
var officialHosts = []string{
	"api.mch.weixin.qq.com", "api2.mch.weixin.qq.com", "api.wechatpay.cn", "api2.wechatpay.cn",
	"apihk.mch.weixin.qq.com", "apius.mch.weixin.qq.com", "apieu.mch.weixin.qq.com",
}

// Download fetches a file at the address WeChat gave, such as a bill's
// download_url, and streams it; the caller closes it. The address must be one of
// the endpoints documented to answer unsigned, at a WeChat Pay host or at the
// client's own; c is a *Merchant. The bytes are unproved until their digest is compared with the
// one the signed answer gave; an end before the announced length is an error of
// Read. The stream lives as long as ctx.
func Download(ctx context.Context, c Client, address string) (io.ReadCloser, error) {
	core := coreOf(c)
	op := GET("(download)")
	u, err := url.Parse(address)
	if err != nil {
		return nil, notDone(op, Invalid("download_url", "is not a URL"))
	}
	op = GET(downloadPath(u.EscapedPath()))
	if core.fault != nil {
		return nil, notDone(op, core.fault)
	}
	if _, ok := core.dialect.(*v3); !ok {
		return nil, notDone(op, Invalid("client", "only a Merchant downloads by address; another client's token must not travel there"))
	}
	base := u.Scheme + "://" + u.Host
	own := slices.Contains(core.hosts.bases, base)
	if own {
		base = "" // either host of the client will do
	}
	if u.User != nil || !own && (u.Scheme != "https" || !slices.Contains(officialHosts, u.Host)) {
		return nil, notDone(op, Invalid("download_url", fmt.Sprintf("host %q is neither https at WeChat Pay nor this client's own; nothing was sent", u.Host)))
	}
	if op.path == "(unlisted)" {
		return nil, notDone(op, Invalid("download_url", "is not one of the endpoints that answer unsigned; nothing was sent"))
	}
	m, err := core.dialect.encode(ctx, GET("/"), nil)
	if err != nil {
		return nil, notDone(op, err)
	}
	m.target, m.accept, m.base, m.raw = u.RequestURI(), "*/*", base, true
	r, err := core.exchange(ctx, op, m)
	if err != nil {
		return nil, err
	}
	return r.stream, nil
}

// downloadPath is the documented form of path: it holds no id and no token.
func downloadPath(path string) string {
	for _, p := range unsignedPaths {
		id, ok := strings.CutPrefix(path, p)
		switch family := strings.HasSuffix(p, "/"); {
		case ok && !family && id == "":
			return p
		case ok && family && isSegment(id):
			return p + "{id}"
		}
	}
	return "(unlisted)"
}

// isSegment reports whether escaped is one path segment that no server can take
// for a way up or down.
func isSegment(escaped string) bool {
	s, err := url.PathUnescape(escaped)
	return err == nil && s != "" && s != "." && s != ".." && !strings.ContainsAny(s, `/\\`)
}
