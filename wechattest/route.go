package wechattest

import (
	"net/http"
	"net/url"
	"strings"
)

// route is one endpoint. In its path {name} stands for one segment.
type route struct {
	method string
	parts  []string
	upload bool // the signature covers the meta part of a multipart body
	serve  endpoint
}

// endpoint answers a request that is proved; vars are the segments named in the path.
type endpoint = func(p *Pay, in *inbound, vars map[string]string) (reply, *refusal)

func newRoute(method, path string, serve endpoint) route {
	return route{method: method, parts: strings.Split(path, "/"), serve: serve}
}

// table is every endpoint there is.
func table() []route {
	const orders, refunds = "/v3/pay/transactions", "/v3/refund/domestic/refunds"
	all := []route{
		newRoute("POST", refunds, (*Pay).applyRefund),
		newRoute("GET", refunds+"/{out_refund_no}", (*Pay).findRefund),
		newRoute("POST", refunds+"/{refund_id}/apply-abnormal-refund", (*Pay).rescueRefund),
		newRoute("GET", "/v3/certificates", (*Pay).certificates),
		newRoute("POST", "/v3/security/echo", (*Pay).echo),
	}
	for _, partner := range []bool{false, true} {
		base := orders
		if partner {
			base = "/v3/pay/partner/transactions"
		}
		all = append(all,
			newRoute("POST", base+"/jsapi", place(kindJSAPI, partner)),
			newRoute("POST", base+"/app", place(kindAPP, partner)),
			newRoute("POST", base+"/native", place(kindNative, partner)),
			newRoute("POST", base+"/h5", place(kindH5, partner)),
			newRoute("POST", base+"/codepay", codepay(partner)),
			newRoute("GET", base+"/id/{transaction_id}", query("transaction_id", partner)),
			newRoute("GET", base+"/out-trade-no/{out_trade_no}", query("out_trade_no", partner)),
			newRoute("POST", base+"/out-trade-no/{out_trade_no}/close", closeOrder(partner)),
			newRoute("POST", base+"/out-trade-no/{out_trade_no}/reverse", reverse(partner)))
	}
	upload := newRoute("POST", "/v3/merchant/media/upload", (*Pay).uploadImage)
	upload.upload = true
	return append(append(all, upload), complaintRoutes()...)
}

// find is the route of a request, which for an unknown path only refuses.
func (p *Pay) find(in *inbound) (*route, map[string]string, *refusal) {
	segments := strings.Split(in.path, "/")
	var other bool
	for i := range p.routes {
		rt := &p.routes[i]
		vars, ok := rt.match(segments)
		if !ok {
			continue
		}
		if rt.method == in.method {
			return rt, vars, nil
		}
		other = true
	}
	no := refuse(http.StatusNotFound, "RESOURCE_NOT_EXISTS", numParam, "there is no such path here")
	if other {
		no = refuse(http.StatusMethodNotAllowed, "INVALID_REQUEST", numParam, "the path does not take %s", in.method)
	}
	return &route{serve: func(*Pay, *inbound, map[string]string) (reply, *refusal) { return reply{}, no }}, nil, nil
}

func (rt *route) match(segments []string) (map[string]string, bool) {
	if len(segments) != len(rt.parts) {
		return nil, false
	}
	vars := map[string]string{}
	for i, part := range rt.parts {
		if !strings.HasPrefix(part, "{") {
			if part != segments[i] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(segments[i])
		if err != nil || value == "" {
			return nil, false
		}
		vars[strings.Trim(part, "{}")] = value
	}
	return vars, true
}
