package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/wire"
)

const jsonType = "application/json"

// v3 is APIv3: JSON, signed by the platform, its resource encrypted with the
// APIv3 key.
type v3 struct {
	m  *wechat.Merchant
	id identity
}

// V3 receives the notices of APIv3 for m: of everything m's keys can prove and
// open, it takes what is about m. A partner's own merchant takes the notices of
// all its sub-merchants, one made with For only those of that sub-merchant.
func V3(m *wechat.Merchant) Dialect {
	if m == nil {
		return v3{}
	}
	sub := m.Sub()
	return v3{m: m, id: identity{merchant: m.ID(), partner: m.IsPartner(), sub: sub.MchID, subApp: sub.AppID}}
}

var onlyPost = []string{http.MethodPost}

func (d v3) methods() []string { return onlyPost }

func (d v3) merchant() string { return d.id.merchant }

func (d v3) now() time.Time {
	if d.m == nil {
		return time.Now()
	}
	return d.m.Now()
}

var errNoMerchant = errors.New("notify: V3 was given no merchant")

func (d v3) open(ctx context.Context, r Request, fields []string) (*notice, error) {
	if d.m == nil {
		return nil, errNoMerchant
	}
	proof, err := d.m.Verify(ctx, r.Header, r.Body)
	if err != nil {
		return nil, err
	}
	e, err := parseEnvelope(proof.Body())
	if err != nil {
		return nil, err
	}
	plain, err := d.m.OpenInPlace(e.algorithm, e.nonce, e.extra, e.ciphertext)
	if err != nil {
		return nil, fmt.Errorf("notify: resource of %s: %w", clip(e.kind), err)
	}
	if isEmptyObject(plain) {
		return nil, fmt.Errorf("%w: the decrypted resource is an empty object", ErrMalformed)
	}
	return &notice{id: e.id, kind: e.kind, original: e.original, summary: e.summary, created: e.created, plain: plain,
		fields: fields, values: wire.Top(plain, fields...)}, nil
}

const space = " \t\r\n" // between the parts of JSON

func isEmptyObject(b []byte) bool {
	b = bytes.Trim(b, space)
	return len(b) > 1 && b[0] == '{' && b[len(b)-1] == '}' && len(bytes.Trim(b[1:len(b)-1], space)) == 0
}

// value returns the raw value of a field, nil if there is none; dots lead into objects.
func (n *notice) value(path string) []byte {
	name, path, below := strings.Cut(path, ".")
	i := slices.Index(n.fields, name)
	if i < 0 {
		return nil
	}
	data := bytes.TrimRight(n.values[i], space)
	for below {
		if len(data) == 0 || data[0] != '{' {
			return nil
		}
		name, path, below = strings.Cut(path, ".")
		data = bytes.TrimRight(wire.Top(data, name)[0], space)
	}
	return data
}

func (d v3) has(n *notice, field string) bool {
	value := n.value(field)
	return len(value) > 0 && !isNull(value)
}

func (d v3) owned(n *notice, o owner, appIDs []string) error {
	value := func(field string) ([]byte, error) { return naming(field, n.value(field)) }
	if o.declared {
		if err := d.id.declaredOwner(o.fields, value); err != nil {
			return err
		}
	} else if err := d.id.usualOwner(value); err != nil {
		return err
	}
	return d.id.app(appIDs, value)
}

// naming is the text of a field that names somebody: nothing if absent, an error
// if it is something else than a string.
func naming(field string, raw []byte) ([]byte, error) {
	if len(raw) == 0 || isNull(raw) {
		return nil, nil
	}
	inner, ok := wire.Bytes(raw)
	if !ok {
		return nil, fmt.Errorf("%w: %s is not a string", ErrMalformed, field)
	}
	return inner, nil
}

func (d v3) decode(n *notice, out any, known wire.Names) error {
	if err := wire.UnmarshalObject(n.plain, out, known); err != nil {
		return malformed(err)
	}
	d.m.OpenSecrets(out)
	return nil
}

// success is the answer that also the older descriptions accept.
func (d v3) success(*notice) Reply {
	return Reply{Status: http.StatusOK, ContentType: jsonType, Body: []byte(`{"code":"SUCCESS","message":"OK"}`)}
}

func (d v3) failure(status int, word string) Reply {
	return Reply{Status: status, ContentType: jsonType, Body: []byte(`{"code":"FAIL","message":"` + word + `"}`)}
}

func (d v3) content(_ context.Context, _ *notice, answer any) (Reply, error) {
	body, err := wire.JSON(answer)
	if err != nil {
		return Reply{}, fmt.Errorf("notify: answer: %w", err)
	}
	return Reply{Status: http.StatusOK, ContentType: jsonType, Body: body}, nil
}
