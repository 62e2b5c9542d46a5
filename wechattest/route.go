package wechattest

import (
	"net/http"
	"net/url"
	"strings"
)

// route is one endpoint. In pattern, {name} stands for one segment, and a path
// that begins with [partner] exists twice.
type route struct {
	method  string
	parts   []string
	partner bool // a path of 服务商
	upload  bool // the signature covers the meta part of a multipart body
	serve   func(p *Pay, in *inbound, vars map[string]string) (reply, *refusal)
}

func newRoute(method, path string, serve func(*Pay, *inbound, map[string]string) (reply, *refusal)) route {
	return route{method: method, parts: strings.Split(path, "/"), serve: serve}
}

func uploading(rt route) route { rt.upload = true; return rt }

// table is every endpoint there is.
func (p *Pay) table() []route {
	return []route{
		uploading(newRoute("POST", "/v3/merchant/media/upload", (*Pay).uploadImage)),
	}
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
