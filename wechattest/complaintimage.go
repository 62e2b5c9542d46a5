package wechattest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// photo is a picture of a complaint.
type photo struct {
	ID    string `json:"id"`
	MchID string `json:"mchid"` // who may see it
	Kind  string `json:"kind"`
	Data  []byte `json:"data"`
}

const mostPicture = 2 << 20

// imageEndings are the kinds of pictures there are, and how their ids end.
var imageEndings = map[string]string{"image/png": ".png", "image/jpeg": ".jpg", "image/bmp": ".bmp"}

// newPhoto makes a picture of its bytes; "" says what is wrong.
func newPhoto(mchID string, data []byte) (*photo, string) {
	kind := http.DetectContentType(data)
	ending, ok := imageEndings[kind]
	switch {
	case !ok:
		return nil, "is neither PNG nor JPEG nor BMP"
	case len(data) > mostPicture:
		return nil, "is over 2 MB"
	}
	sum := sha256.Sum256(append([]byte(mchID+"/"), data...))
	return &photo{ID: "0000" + strings.ToUpper(hex.EncodeToString(sum[:14])) + ending, MchID: mchID, Kind: kind, Data: data}, ""
}

func picturesOf(mchID string, pictures [][]byte) ([]*photo, error) {
	var all []*photo
	for n, data := range pictures {
		i, issue := newPhoto(mchID, append([]byte(nil), data...))
		if issue != "" {
			return nil, fmt.Errorf("%w: picture %d %s", ErrComplaint, n+1, issue)
		}
		all = append(all, i)
	}
	return all, nil
}

func idsOf(images []*photo) (ids []string) {
	for _, i := range images {
		ids = append(ids, i.ID)
	}
	return ids
}

const imagePath = "/v3/merchant-service/images/"

// imageURLs are the addresses of pictures.
func (p *Pay) imageURLs(ids []string) []string {
	urls := []string{}
	for _, id := range ids {
		urls = append(urls, p.base+imagePath+url.PathEscape(id))
	}
	return urls
}

// uploadComplaintImage answers 商户上传反馈图片.
func (p *Pay) uploadComplaintImage(in *inbound, _ map[string]string) (reply, *refusal) {
	file, name, no := in.picture()
	if no != nil {
		return reply{}, no
	}
	i, issue := newPhoto(in.account.MchID, file.data)
	if issue == "" && imageEndings[i.Kind] != strings.Replace(strings.ToLower(path.Ext(name)), ".jpeg", ".jpg", 1) {
		issue = "is not the kind of picture its name says"
	}
	if issue != "" {
		return reply{}, badParam("body", "file", issue)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.commit(false, record{Photo: i}); err != nil {
		return reply{}, broke(err)
	}
	return replyJSON(200, map[string]string{"media_id": i.ID}), nil
}

// complaintImage answers 图片下载, unsigned as WeChat Pay does.
func (p *Pay) complaintImage(in *inbound, vars map[string]string) (reply, *refusal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.state.photos[vars["media_id"]]
	if i == nil || i.MchID != in.account.MchID {
		return reply{}, refuse(404, "RESOURCE_NOT_EXISTS", numNoOrder, "the picture does not exist")
	}
	return reply{status: 200, body: i.Data, number: numSuccess, kind: i.Kind, bare: true}, nil
}

// proofs checks pictures that a merchant shows; p.mu is held.
func (p *Pay) proofs(a *account, field string, ids []string) *refusal {
	for n, id := range ids {
		if i := p.state.photos[id]; i == nil || i.MchID != a.MchID {
			return badParam("body", fmt.Sprintf("/%s/%d", field, n), "is not a picture that was uploaded").with(id)
		}
	}
	return nil
}
