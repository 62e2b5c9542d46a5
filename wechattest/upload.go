package wechattest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"path"
	"strings"
)

func (in *inbound) isMultipart() bool {
	return strings.HasPrefix(strings.ToLower(in.header.Get("Content-Type")), "multipart/")
}

// uploadMeta is the description in front of the file.
type uploadMeta struct {
	Filename string `json:"filename"`
	SHA256   string `json:"sha256"`
}

// readMeta finds the meta part, whose exact bytes are what the merchant signed.
func (in *inbound) readMeta() *refusal {
	parts, err := in.parts()
	if err != nil || len(parts) == 0 {
		return badParam("body", "meta", "the body is not multipart/form-data with the parts meta and file")
	}
	if parts[0].name != "meta" {
		return badParam("body", "meta", "must be the first part")
	}
	in.signed = parts[0].data
	return nil
}

type filePart struct {
	name, filename, kind string
	data                 []byte
}

func (in *inbound) parts() ([]filePart, error) {
	kind, params, err := mime.ParseMediaType(in.header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return nil, errors.New("not multipart/form-data")
	}
	var all []filePart
	for r := multipart.NewReader(bytes.NewReader(in.body), params["boundary"]); ; {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(p)
		if err != nil {
			return nil, err
		}
		all = append(all, filePart{p.FormName(), p.FileName(), p.Header.Get("Content-Type"), data})
	}
}

// uploadImage is 图片上传.
func (p *Pay) uploadImage(in *inbound, _ map[string]string) (reply, *refusal) {
	file, _, no := in.picture()
	if no != nil {
		return reply{}, no
	}
	sum := sha256.Sum256(file.data)
	return replyJSON(200, map[string]string{"media_id": "simulated_" + hex.EncodeToString(sum[:])}), nil
}

// picture is the uploaded picture, with its name.
func (in *inbound) picture() (file filePart, name string, no *refusal) {
	parts, err := in.parts()
	if err != nil || len(parts) != 2 || parts[1].name != "file" {
		return file, "", badParam("body", "file", "want exactly the parts meta and file, in this order")
	}
	var meta uploadMeta
	d := json.NewDecoder(bytes.NewReader(parts[0].data))
	d.DisallowUnknownFields()
	if d.Decode(&meta) != nil {
		return file, "", badParam("body", "meta", "is not JSON with filename and sha256")
	}
	file = parts[1]
	sum := sha256.Sum256(file.data)
	switch ext := strings.ToLower(path.Ext(meta.Filename)); {
	case ext != ".jpg" && ext != ".jpeg" && ext != ".bmp" && ext != ".png":
		return file, "", badParam("body", "filename", "must end in .jpg, .bmp or .png")
	case file.filename != meta.Filename:
		return file, "", badParam("body", "filename", "differs between meta and file")
	case !strings.HasPrefix(file.kind, "image/"):
		return file, "", badParam("body", "file", "its Content-Type is not that of a picture")
	case !strings.EqualFold(meta.SHA256, hex.EncodeToString(sum[:])):
		return file, "", badParam("body", "sha256", "is not the SHA-256 of the file")
	case len(file.data) > 5<<20:
		return file, "", refuse(413, "INVALID_REQUEST", numParam, "the picture is over 5 MB")
	}
	return file, meta.Filename, nil
}
