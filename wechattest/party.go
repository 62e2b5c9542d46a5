package wechattest

import (
	"net/url"
	"slices"
	"strings"
)

// party says who sells, in the fields of a body or query, direct or partner.
type party struct {
	AppID    string `json:"appid"`
	MchID    string `json:"mchid"`
	SpAppID  string `json:"sp_appid"`
	SpMchID  string `json:"sp_mchid"`
	SubAppID string `json:"sub_appid"`
	SubMchID string `json:"sub_mchid"`
}

// partyShape are the fields of party in a body; apps says whether app ids belong
// there, and need whether they must.
func partyShape(partner, apps, need bool) []shape {
	app := func(name string) shape { s := text(name, 32); s.need = need; return s }
	if partner {
		all := []shape{text("sp_mchid", 32).that(isNumber).must(), text("sub_mchid", 32).that(isNumber).must()}
		if apps {
			all = append(all, app("sp_appid"), text("sub_appid", 32))
		}
		return all
	}
	all := []shape{text("mchid", 32).that(isNumber).must()}
	if apps {
		all = append(all, app("appid"))
	}
	return all
}

// signer is the number that must be the one in Authorization.
func (w party) signer() string { return w.MchID + w.SpMchID }

// app is the app id of the signer.
func (w party) app() string { return w.AppID + w.SpAppID }

// check compares a party with the account that signed. location is body or query.
func (w party) check(a *account, partner bool, location string) *refusal {
	name := "mchid"
	if partner {
		name = "sp_mchid"
	}
	at := name
	if location == "body" {
		at = "/" + name
	}
	switch {
	case w.signer() != a.MchID:
		return badParam(location, at, "differs from the mchid in Authorization").with(w.signer())
	case partner && !a.Partner:
		return refuse(403, "NO_AUTH", numNoRelation, "merchant %s is not a partner (服务商)", a.MchID)
	case !partner && a.Partner:
		return refuse(400, "INVALID_REQUEST", numSubMissing, "a partner must name sub_mchid: use the partner paths")
	}
	if partner {
		if no := w.checkSub(a, location); no != nil {
			return no
		}
	}
	if w.app() != "" && !slices.Contains(a.AppIDs, w.app()) {
		return refuse(400, "APPID_MCHID_NOT_MATCH", numNotBound, "the app id is not bound to the merchant number")
	}
	return nil
}

func (w party) checkSub(a *account, location string) *refusal {
	if no := checkSubNumber(a, w.SubMchID, location); no != nil {
		return no
	}
	if sub := a.sub(w.SubMchID); w.SubAppID != "" && !slices.Contains(sub.AppIDs, w.SubAppID) {
		return refuse(400, "APPID_MCHID_NOT_MATCH", numNotBound, "sub_appid is not bound to sub_mchid")
	}
	return nil
}

// checkSubNumber is the rule for sub_mchid wherever it stands: a partner must
// name one of its own, nobody else may name any.
func checkSubNumber(a *account, sub, location string) *refusal {
	switch {
	case !a.Partner && sub == "":
		return nil
	case !a.Partner:
		return refuse(403, "NO_AUTH", numNoRelation, "merchant %s is not a partner (服务商) and cannot act for sub_mchid", a.MchID)
	case sub == "":
		return refuse(400, "INVALID_REQUEST", numSubMissing, "a partner must name sub_mchid")
	case sub == a.MchID:
		return badParam(location, "sub_mchid", "is the partner's own number").numbered(numSubIsOwn)
	case a.sub(sub) == nil:
		return refuse(403, "NO_AUTH", numNoRelation, "sub_mchid is not a merchant of this partner")
	}
	return nil
}

// queryParty reads a party from a query that may hold nothing else.
func (in *inbound) queryParty(partner bool) (party, *refusal) {
	if partner {
		q, no := in.queryValues("sp_mchid!", "sub_mchid!")
		return party{SpMchID: q.Get("sp_mchid"), SubMchID: q.Get("sub_mchid")}, no
	}
	q, no := in.queryValues("mchid!")
	return party{MchID: q.Get("mchid")}, no
}

// queryValues reads the query, which may hold these names once each; a name that
// ends in ! must be there.
func (in *inbound) queryValues(names ...string) (url.Values, *refusal) {
	q, err := url.ParseQuery(in.query)
	if err != nil {
		return nil, badParam("query", "", "the query cannot be read")
	}
	known := map[string]bool{}
	for _, n := range names {
		n, must := strings.CutSuffix(n, "!")
		known[n] = true
		if must && q.Get(n) == "" {
			return nil, badParam("query", n, "is missing")
		}
	}
	for n, values := range q {
		if !known[n] {
			return nil, badParam("query", n, "is not a parameter of this interface").numbered(numUnknownField)
		}
		if len(values) != 1 || values[0] == "" {
			return nil, badParam("query", n, "must be there once and not be empty")
		}
	}
	return q, nil
}
