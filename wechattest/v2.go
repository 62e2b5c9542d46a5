package wechattest

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"hash"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The XML generation. As in crypto.go, nothing here may call package sign or the
// library's XML: the simulator is the second opinion about them.

const (
	digestMD5  = "MD5"
	digestHMAC = "HMAC-SHA256"
	kindXML    = "text/xml"
)

// fieldsV2 are the elements of a flat document.
type fieldsV2 = map[string]string

// failV2 is result_code FAIL.
type failV2 struct{ code, text string }

// endpointV2 answers a request that is proved. The fields it returns are signed
// with the request's digest.
type endpointV2 = func(p *Pay, r *requestV2) (fieldsV2, *failV2)

// requestV2 is a proved request.
type requestV2 struct {
	account *account
	fields  fieldsV2
	digest  string
}

// tableV2 is every endpoint of APIv2 there is here, but the bill, which answers
// with text.
var tableV2 = map[string]endpointV2{
	"/pay/unifiedorder":       (*Pay).placeV2,
	"/pay/orderquery":         (*Pay).queryV2,
	"/pay/closeorder":         (*Pay).closeV2,
	"/pay/micropay":           (*Pay).micropayV2,
	"/secapi/pay/reverse":     (*Pay).reverseV2,
	"/secapi/pay/refund":      (*Pay).refundV2,
	"/pay/refundquery":        (*Pay).refundQueryV2,
	"/pay/downloadbill":       (*Pay).billV2,
	"/tools/shorturl":         (*Pay).shortURL,
	"/tools/authcodetoopenid": (*Pay).codeOwner,

	"/pay/downloadfundflow":                  (*Pay).fundFlowV2,
	"/billcommentsp/batchquerycomment":       (*Pay).commentsV2,
	"/mmpaymkttransfers/sendredpack":         sendRedPack(packNormal),
	"/mmpaymkttransfers/sendgroupredpack":    sendRedPack(packGroup),
	"/mmpaymkttransfers/sendminiprogramhb":   sendRedPack(packMini),
	"/mmpaymkttransfers/gethbinfo":           (*Pay).redPackInfo,
	"/mmpaymkttransfers/promotion/transfers": (*Pay).transferV2,
	"/mmpaymkttransfers/gettransferinfo":     (*Pay).transferInfoV2,

	"/pay/profitsharingaddreceiver":        (*Pay).addReceiverV2,
	"/pay/profitsharingremovereceiver":     (*Pay).removeReceiverV2,
	"/secapi/pay/profitsharing":            shareV2(shareOnce),
	"/secapi/pay/multiprofitsharing":       shareV2(shareMore),
	"/secapi/pay/profitsharingfinish":      (*Pay).shareFinishV2,
	"/secapi/pay/profitsharingreturn":      (*Pay).shareReturnV2,
	"/pay/profitsharingquery":              (*Pay).shareQueryV2,
	"/pay/profitsharingreturnquery":        (*Pay).returnQueryV2,
	"/pay/profitsharingorderamountquery":   (*Pay).unsharedV2,
	"/pay/profitsharingmerchantratioquery": (*Pay).ratioV2,
}

// forcedV2 are the endpoints that take one digest only.
var forcedV2 = map[string]string{"/pay/downloadfundflow": digestHMAC, "/billcommentsp/batchquerycomment": digestHMAC,
	"/mmpaymkttransfers/sendredpack": digestMD5, "/mmpaymkttransfers/sendgroupredpack": digestMD5, "/mmpaymkttransfers/sendminiprogramhb": digestMD5,
	"/mmpaymkttransfers/gethbinfo": digestMD5, "/mmpaymkttransfers/promotion/transfers": digestMD5, "/mmpaymkttransfers/gettransferinfo": digestMD5}

// appless are the endpoints that name merchants only.
var appless = map[string]bool{"/pay/profitsharingquery": true, "/pay/profitsharingorderamountquery": true, "/pay/profitsharingmerchantratioquery": true}

// sumV2 signs fields with the rule of APIv2.
func sumV2(f fieldsV2, key, digest string) string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if name != "sign" && f[name] != "" {
			text.WriteString(name + "=" + f[name] + "&")
		}
	}
	text.WriteString("key=" + key)
	var h hash.Hash = md5.New()
	if digest == digestHMAC {
		h = hmac.New(sha256.New, []byte(key))
	}
	_, _ = io.WriteString(h, text.String())
	return strings.ToUpper(hex.EncodeToString(h.Sum(nil)))
}

var errNotFlat = errors.New("wechattest: not a flat XML document")

// readV2 reads a flat document below root.
func readV2(text []byte, root string) (fieldsV2, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	out, path, value := fieldsV2{}, []string{}, ""
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && len(path) == 0 && len(out) > 0 {
			return out, nil
		}
		if err != nil {
			return nil, errNotFlat
		}
		switch t := token.(type) {
		case xml.StartElement:
			path, value = append(path, t.Name.Local), ""
			_, twice := out[t.Name.Local]
			if len(path) > 2 || len(t.Attr) > 0 || path[0] != root || len(path) == 2 && twice {
				return nil, errNotFlat
			}
		case xml.EndElement:
			if len(path) == 2 {
				out[t.Name.Local] = value
			}
			path = path[:len(path)-1]
		case xml.CharData:
			value += string(t)
		case xml.Directive, xml.Comment:
			return nil, errNotFlat
		}
	}
}

// writeV2 writes a flat document, texts in CDATA.
func writeV2(root string, f fieldsV2) []byte {
	var b bytes.Buffer
	b.WriteString("<" + root + ">")
	for _, name := range slices.Sorted(maps.Keys(f)) {
		b.WriteString("<" + name + "><![CDATA[" + strings.ReplaceAll(f[name], "]]>", "]]]]><![CDATA[>") + "]]></" + name + ">\n")
	}
	b.WriteString("</" + root + ">")
	return b.Bytes()
}

// serveV2 proves a request, lets serve answer and signs the answer.
func (p *Pay) serveV2(in *inbound, serve endpointV2) reply {
	r, problem := p.proveV2(in)
	if problem != "" {
		return replyV2(fieldsV2{"return_code": "FAIL", "return_msg": problem})
	}
	out, no := serve(p, r)
	if text, isText := out["@text"]; isText { // a file in place of XML
		return reply{status: http.StatusOK, body: []byte(text), kind: "text/plain; charset=utf-8", bare: true, digest: out["@digest"]}
	}
	if no != nil && no.code == "" { // a refusal of downloads, which is not signed
		return replyV2(fieldsV2{"return_code": "FAIL", "return_msg": no.text, "error_code": "20002"})
	}
	all := fieldsV2{"return_code": "SUCCESS", "return_msg": "OK", "result_code": "SUCCESS", "appid": r.fields["appid"], "mch_id": r.account.MchID,
		"sub_appid": r.fields["sub_appid"], "sub_mch_id": r.fields["sub_mch_id"], "nonce_str": randomText(32)}
	if no != nil {
		all["result_code"], all["err_code"], all["err_code_des"] = "FAIL", no.code, no.text
	}
	maps.Copy(all, out)
	delete(all, "@list")
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	all["sign"] = sumV2(all, r.account.APIv2, r.digest)
	answer := replyV2(all)
	if list := out["@list"]; list != "" { // an element that holds others, which no signature covers
		answer.body = append(bytes.TrimSuffix(answer.body, []byte("</xml>")), list+"</xml>"...)
	}
	return answer
}

func replyV2(f fieldsV2) reply {
	return reply{status: http.StatusOK, body: writeV2("xml", f), kind: kindXML, bare: true}
}

// proveV2 finds out who sent a request; problem says why nobody can have.
func (p *Pay) proveV2(in *inbound) (r *requestV2, problem string) {
	if in.method != http.MethodPost {
		return nil, "请使用post方法"
	}
	f, err := readV2(in.body, "xml")
	if err != nil {
		return nil, "XML格式错误"
	}
	forced := forcedV2[in.path]
	if strings.Contains(in.path, "/profitsharing") || strings.HasSuffix(in.path, "/multiprofitsharing") {
		forced = digestHMAC
	}
	a := p.account(cmp.Or(f["mch_id"], f["mchid"])) // payouts spell some names their own way
	if a == nil || a.APIv2 == "" {
		return nil, "mch_id不存在"
	}
	if long, err := url.QueryUnescape(f["long_url"]); err == nil && !strings.Contains(f["long_url"], "://") {
		f["long_url"] = long // it may come URL-encoded; what is signed is not
	}
	r = &requestV2{account: a, fields: f, digest: f["sign_type"]}
	if r.digest == "" {
		r.digest = digestMD5
	}
	sub, alone := a.sub(f["sub_mch_id"]), strings.HasPrefix(in.path, "/mmpaymkttransfers/") || in.path == "/pay/profitsharingorderamountquery"
	switch {
	case r.digest != digestMD5 && r.digest != digestHMAC:
		return nil, "签名类型错误"
	case forced != "" && forced != r.digest:
		return nil, "签名类型错误"
	case f["sign"] != sumV2(f, a.APIv2, r.digest):
		return nil, "签名错误"
	case f["nonce_str"] == "" || len(f["nonce_str"]) > 32:
		return nil, "缺少参数nonce_str"
	case !appless[in.path] && !slices.Contains(a.AppIDs, cmp.Or(f["appid"], f["wxappid"], f["mch_appid"])):
		return nil, "appid和mch_id不匹配"
	case a.Partner && sub == nil && !alone, !a.Partner && f["sub_mch_id"] != "":
		return nil, "sub_mch_id与mch_id关系不存在"
	case f["sub_appid"] != "" && (sub == nil || !slices.Contains(sub.AppIDs, f["sub_appid"])):
		return nil, "sub_mch_id与sub_appid不匹配"
	}
	return r, ""
}

// spoilV2 gets the signature of an answer wrong.
func spoilV2(body []byte, k Kind) []byte {
	f, err := readV2(body, "xml")
	if err != nil || f["sign"] == "" {
		return body
	}
	switch k {
	case Unsigned:
		delete(f, "sign")
	case WrongSignature, Probe, Stale:
		f["sign"] = sumV2(f, randomText(32), digestMD5)
	default:
		return body
	}
	return writeV2("xml", f)
}
