package notify

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/wxcommerce/wechat/sign"
)

// pushQuery is what stands in the query of a push.
type pushQuery struct{ signature, msgSignature, timestamp, nonce, encryptType, echo string }

func parsePushQuery(raw string) (pushQuery, error) {
	var q pushQuery
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		name, value, _ := strings.Cut(pair, "=")
		into := q.field(name)
		if into == nil {
			continue
		}
		var err error
		if strings.ContainsAny(value, "%+") {
			value, err = url.QueryUnescape(value)
		}
		if err != nil {
			return q, fmt.Errorf("%w: %s is not escaped as it should be", sign.ErrUnsigned, name)
		}
		if *into != "" {
			return q, fmt.Errorf("%w: %s comes twice", sign.ErrUnsigned, name)
		}
		*into = value
	}
	if q.timestamp == "" || q.nonce == "" {
		return q, fmt.Errorf("%w: timestamp or nonce is missing in the query", sign.ErrUnsigned)
	}
	return q, nil
}

func (q *pushQuery) field(name string) *string {
	switch name {
	case "signature":
		return &q.signature
	case "msg_signature":
		return &q.msgSignature
	case "timestamp":
		return &q.timestamp
	case "nonce":
		return &q.nonce
	case "encrypt_type":
		return &q.encryptType
	case "echostr":
		return &q.echo
	}
	return nil
}
