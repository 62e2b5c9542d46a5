package wechat

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"path"
	"strings"
	"sync"
)

// File is something to upload. Data is read twice, first for its digest and then
// while it is sent, and is never held in memory whole.
type File struct {
	Name        string        // with its extension, at most 100 bytes of visible ASCII
	ContentType string        // guessed from Name when empty
	Data        io.ReadSeeker // read from its start
	// Meta builds the signed description that APIv3 wants from the file's name,
	// SHA-256 in hex and size. Nil means {"filename","sha256"}, which most endpoints want.
	Meta func(name, sha256 string, size int64) any
	// Parts are further form fields sent before the file, where an endpoint wants them.
	Parts []Part
}

// Part is a form field of an upload.
type Part struct{ Name, ContentType, Text string }

type fileMeta struct {
	Filename string `json:"filename"`
	SHA256   string `json:"sha256"`
}

// Upload sends a file as multipart/form-data and decodes the answer into an Out.
// The path and query fields of in, which may be nil, travel in the address. Under
// APIv3 the signature covers the meta part only. An upload is not repeated: a
// second one would make a second, harmless id.
func Upload[Out any](ctx context.Context, c Client, op Op, in any, f File) (*Out, error) {
	out, core := new(Out), coreOf(c)
	if core.fault != nil {
		return nil, notDone(op, core.fault)
	}
	m, err := core.multipart(ctx, op, in, f)
	if err != nil {
		return nil, notDone(op, err)
	}
	r, err := core.exchange(ctx, op, m)
	if err != nil {
		return nil, err
	}
	if err := core.decode(op, r, out); err != nil {
		return nil, err
	}
	return out, nil
}

func (c *client) multipart(ctx context.Context, op Op, in any, f File) (*message, error) {
	if v, ok := in.(Validator); ok {
		if err := v.Validate(); err != nil {
			return nil, err
		}
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	m, err := c.dialect.encode(ctx, GET(op.path), in) // as for a read: in holds no body
	if err != nil {
		return nil, err
	}
	sum, size, err := f.digest()
	if err != nil {
		return nil, err
	}
	up, err := c.dialect.upload(f, sum, size)
	if err != nil {
		return nil, err
	}
	boundary := rand.Text()
	var head strings.Builder
	for _, p := range append(up.parts, f.Parts...) {
		head.WriteString("--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + p.Name + "\"\r\n")
		if p.ContentType != "" {
			head.WriteString("Content-Type: " + p.ContentType + "\r\n")
		}
		head.WriteString("\r\n" + p.Text + "\r\n")
	}
	head.WriteString("--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + up.field + "\"; filename=\"" + f.Name +
		"\"\r\nContent-Type: " + f.contentType() + "\r\n\r\n")
	tail := "\r\n--" + boundary + "--\r\n"
	m.method, m.signed = op.method, up.signed
	m.contentType = "multipart/form-data; boundary=" + boundary
	m.stream = &formBody{head: []byte(head.String()), data: f.Data, tail: []byte(tail), size: int64(head.Len()) + size + int64(len(tail))}
	return m, nil
}

func (f File) contentType() string {
	if f.ContentType != "" {
		return f.ContentType
	}
	return mime.TypeByExtension(path.Ext(f.Name))
}

func (f File) check() error {
	if f.Data == nil {
		return Invalid("file", "no data")
	}
	if f.Name == "" || len(f.Name) > 100 || strings.ContainsAny(f.Name, "\"\\/") || strings.ContainsFunc(f.Name, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return Invalid("filename", fmt.Sprintf("want 1 to 100 visible ASCII characters without quotes and slashes, got %d bytes", len(f.Name)))
	}
	if f.contentType() == "" {
		return Invalid("filename", "has no extension that tells its type; set ContentType")
	}
	if oneLine(f.ContentType, 100) != f.ContentType {
		return Invalid("content type", "holds control characters or is over 100 characters")
	}
	for _, p := range f.Parts {
		if oneLine(p.Name+p.ContentType, 100) != p.Name+p.ContentType || strings.ContainsRune(p.Name, '"') {
			return Invalid("part", "its name or type holds control characters or quotes, or is too long")
		}
	}
	return nil
}

func (f File) digest() (sum string, size int64, err error) {
	if _, err = f.Data.Seek(0, io.SeekStart); err != nil {
		return "", 0, fmt.Errorf("reading the file: %w", err)
	}
	h := sha256.New()
	if size, err = io.Copy(h, f.Data); err != nil {
		return "", 0, fmt.Errorf("reading the file: %w", err)
	}
	if size == 0 {
		return "", 0, Invalid("file", "is empty")
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}

// formBody is a multipart body with the file in its middle.
type formBody struct {
	head, tail []byte
	data       io.ReadSeeker
	size       int64
}

// rewind starts the body anew for one attempt.
func (f *formBody) rewind() (*uploadBody, error) {
	if _, err := f.data.Seek(0, io.SeekStart); err != nil {
		return nil, errors.New("the file cannot be read again")
	}
	return &uploadBody{r: io.MultiReader(bytes.NewReader(f.head), f.data, bytes.NewReader(f.tail))}, nil
}

// uploadBody lends the caller's file to a carrier for one attempt. net/http may
// still read a body after it answered; retire takes the file back for certain.
type uploadBody struct {
	mu sync.Mutex
	r  io.Reader // nil when retired
}

func (u *uploadBody) Read(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.r == nil {
		return 0, errors.New("this attempt is over")
	}
	return u.r.Read(p)
}

// retire waits for a Read that is going on and allows no further one.
func (u *uploadBody) retire() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.r = nil
}
