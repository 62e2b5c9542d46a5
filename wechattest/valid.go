package wechattest

import (
	"net/netip"
	"net/url"
	"regexp"
	"time"
)

var (
	outTradeNo  = regexp.MustCompile(`^[0-9A-Za-z_\-|*]{6,32}$`)
	outRefundNo = regexp.MustCompile(`^[0-9A-Za-z_\-|*@]{1,64}$`)
	allDigits   = regexp.MustCompile(`^[0-9]+$`)
	authCode    = regexp.MustCompile(`^1[0-5][0-9]{16}$`)
)

// form makes a check of a regular expression.
func form(r *regexp.Regexp, issue string) func(string) string {
	return func(v string) string {
		if r.MatchString(v) {
			return ""
		}
		return issue
	}
}

var (
	isOutTradeNo  = form(outTradeNo, "must be 6 to 32 of 0-9 A-Z a-z _ - | *")
	isOutRefundNo = form(outRefundNo, "must be 1 to 64 of 0-9 A-Z a-z _ - | * @")
	isNumber      = form(allDigits, "must be digits")
	isAuthCode    = form(authCode, "must be 18 digits that begin 10 to 15")
)

func isIP(v string) string {
	if _, err := netip.ParseAddr(v); err != nil {
		return "is not an IP address"
	}
	return ""
}

func isTime(v string) string {
	if _, err := time.Parse(time.RFC3339, v); err != nil {
		return "is not a time of RFC 3339, such as 2018-06-08T10:34:56+08:00"
	}
	return ""
}

func isNotifyURL(v string) string {
	u, err := url.Parse(v)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil:
		return "must be a full address that begins https:// (or http:// here)"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "must not have parameters"
	}
	return ""
}
