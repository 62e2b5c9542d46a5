package wechat

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/sign"
)

const jsonType = "application/json"

// A dialect is one of the ways WeChat speaks. The loop knows none of them: it
// asks the dialect to say the request, to authorize each attempt anew, to prove
// the answer and to read it.
type dialect interface {
	// encode says in as the message op sends. It runs once a call.
	encode(ctx context.Context, op Op, in any) (*message, error)
	// authorize signs r, one attempt of m, with a fresh nonce, time and token.
	authorize(ctx context.Context, op Op, r *http.Request, m *message) error
	// prove turns an answer into a reply, or into the error it carries. It is
	// the only maker of a reply.
	prove(ctx context.Context, op Op, res *http.Response, body []byte) (reply, error)
	// decode reads a proved reply into out.
	decode(r reply, out any) error
	// streams reports whether an answer, of whose body first is the first byte, is
	// the file that was asked for rather than a message about it.
	streams(op Op, res *http.Response, first []byte) bool
	// upload says what goes into a multipart body before the file and what is signed.
	upload(f File, sum string, size int64) (upload, error)
	// refused reports whether err says that m's token is no longer good, after
	// having it replaced; the loop then tries once more.
	refused(ctx context.Context, m *message, err error) bool
}

// encode puts in's fields where op wants them; a field that cannot travel is a
// *FieldError.
func encode(op Op, partner bool, in any) (*message, error) {
	e, err := wire.Encode(op.method, op.path, partner, in)
	var field *wire.FieldError
	switch {
	case errors.As(err, &field):
		return nil, Invalid(field.Field, field.Problem)
	case err != nil:
		return nil, err
	}
	target := e.Path
	if e.Query != "" {
		target += "?" + e.Query
	}
	return &message{method: op.method, target: target, body: e.Body, contentType: jsonType, accept: jsonType}, nil
}

// encodeFields is encode for the dialects of flat fields.
func encodeFields(in any) ([]sign.Pair, error) {
	pairs, err := wire.EncodePairs(in)
	var field *wire.FieldError
	if errors.As(err, &field) {
		return nil, Invalid(field.Field, field.Problem)
	}
	return pairs, err
}

// message is a request before it has a host, a time and a signature.
type message struct {
	method, target string // target is the escaped path with its query
	body           []byte
	fields         []sign.Pair // in place of body: v2 signs them anew for each attempt
	signed         []byte      // what the signature covers; body unless it is an upload
	contentType    string
	accept         string
	keyID          string    // Wechatpay-Serial, or ""
	stream         *formBody // in place of body
	raw            bool      // hand out the answer's body as a stream, unproved
	base           string    // scheme and host in place of the client's own
	token          Token     // last token used, for refused
}

// upload is the dialect's share of a multipart body.
type upload struct {
	signed []byte
	parts  []Part
	field  string // name of the file's part
}

// reply is a proved answer. Only dialect.prove makes one, after the signature
// or the errcode vouched for body. A download's stream is vouched for later, by
// its digest.
type reply struct {
	body   []byte
	fields []sign.Pair // the body of a v2 answer, read
	stream io.ReadCloser
	header http.Header // with stream
	size   int64       // with stream; -1 if not announced
}
