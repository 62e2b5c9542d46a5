package wechattest

import (
	"bytes"
	"encoding/json"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const mediaLife = 3 * 24 * time.Hour

// mediaDesk keeps uploaded files; App.mu guards it.
type mediaDesk struct {
	all      map[string]*medium
	material []string // ids of permanent ones, oldest first
}

// medium is one file.
type medium struct {
	id, kind, name string
	data           []byte
	made           time.Time
	until          time.Time // zero for permanent material
	title, intro   string    // of permanent videos
}

func (a *App) routeMedia() {
	a.route("POST", "/cgi-bin/media/upload", (*App).uploadMedia).limited(100_000)
	a.route("GET", "/cgi-bin/media/get", (*App).getMedia).limited(200_000)
	a.route("GET", "/cgi-bin/media/get/jssdk", (*App).getMedia).limited(200_000)
	a.route("POST", "/cgi-bin/media/uploadimg", (*App).uploadPicture)
	a.route("POST", "/cgi-bin/media/uploadvideo", (*App).massVideo)
	a.route("GET", "/mmbiz/{media}", (*App).picture).tokenless()
	a.route("GET", "/mmopen/{openid}/{size}", (*App).face).tokenless()
	a.route("POST", "/cgi-bin/material/add_material", (*App).addMaterial)
	a.route("POST", "/cgi-bin/material/get_material", (*App).getMaterial)
	a.route("POST", "/cgi-bin/material/del_material", (*App).deleteMaterial)
	a.route("GET", "/cgi-bin/material/get_materialcount", (*App).countMaterial)
	a.route("POST", "/cgi-bin/material/batchget_material", (*App).listMaterial)
}

// keepMedia stores temporary media; a.mu is held.
func (a *App) keepMedia(kind, name string, data []byte) *medium {
	now := a.clock.Now()
	m := &medium{id: randomText(64), kind: kind, name: name, data: bytes.Clone(data), made: now, until: now.Add(mediaLife)}
	if a.media.all == nil {
		a.media.all = map[string]*medium{}
	}
	a.media.all[m.id] = m
	return m
}

// medium finds media that still live; a.mu is held.
func (a *App) medium(id string, kinds ...string) *medium {
	m := a.media.all[id]
	if m == nil || !m.until.IsZero() && !a.clock.Now().Before(m.until) || len(kinds) > 0 && !slices.Contains(kinds, m.kind) {
		return nil
	}
	return m
}

func (a *App) mediaURL(id string) string { return a.base + "/mmbiz/" + id }

// uploadRules are the limits by kind.
var uploadRules = map[string]struct {
	most  int
	names []string
}{
	"image": {10 << 20, []string{".jpg", ".jpeg", ".png", ".gif", ".bmp"}},
	"voice": {2 << 20, []string{".amr", ".mp3"}},
	"video": {10 << 20, []string{".mp4"}},
	"thumb": {64 << 10, []string{".jpg", ".jpeg"}},
}

// filePart reads the multipart body: the file and the text fields beside it.
func (c *appCall) filePart() (name string, data []byte, fields map[string]string, e *errcode) {
	kind, params, err := mime.ParseMediaType(c.header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return "", nil, nil, wrong(41005, "media data missing")
	}
	form, err := multipart.NewReader(bytes.NewReader(c.body), params["boundary"]).ReadForm(maxRequest)
	if err != nil {
		return "", nil, nil, wrong(41005, "media data missing")
	}
	defer func() { _ = form.RemoveAll() }() // all of it is in memory
	files := form.File["media"]
	if len(files) != 1 || len(form.File) != 1 {
		return "", nil, nil, wrong(41005, "media data missing")
	}
	f, err := files[0].Open()
	if err != nil {
		return "", nil, nil, wrong(41005, "media data missing")
	}
	data, err = readSome(f)
	if closeErr := f.Close(); err != nil || closeErr != nil || len(data) == 0 {
		return "", nil, nil, wrong(41005, "media data missing")
	}
	fields = map[string]string{}
	for k, v := range form.Value {
		fields[k] = v[0]
	}
	return files[0].Filename, data, fields, nil
}

// takeFile is filePart with the rules for a kind.
func (c *appCall) takeFile(kind string) (name string, data []byte, fields map[string]string, e *errcode) {
	rule, ok := uploadRules[kind]
	if !ok {
		return "", nil, nil, wrong(40004, "invalid media type")
	}
	name, data, fields, e = c.filePart()
	switch {
	case e != nil:
		return "", nil, nil, e
	case !slices.Contains(rule.names, strings.ToLower(path.Ext(name))):
		return "", nil, nil, wrong(40005, "invalid file type")
	case len(data) > rule.most:
		return "", nil, nil, wrong(40006, "invalid meida size")
	}
	return name, data, fields, nil
}

func (a *App) uploadMedia(c *appCall) (any, *errcode) {
	kind := c.q.Get("type")
	name, data, _, e := c.takeFile(kind)
	if e != nil {
		return nil, e
	}
	m := a.keepMedia(kind, name, data)
	out := struct {
		Type    string `json:"type"`
		MediaID string `json:"media_id,omitempty"`
		Thumb   string `json:"thumb_media_id,omitempty"`
		Created int64  `json:"created_at"`
	}{Type: kind, MediaID: m.id, Created: c.now.Unix()}
	if kind == "thumb" {
		out.MediaID, out.Thumb = "", m.id
	}
	return out, nil
}

func (a *App) getMedia(c *appCall) (any, *errcode) {
	m := a.medium(c.q.Get("media_id"))
	switch {
	case m == nil:
		return nil, wrong(40007, "invalid media_id")
	case m.kind == "video":
		return struct {
			URL string `json:"video_url"`
		}{a.mediaURL(m.id)}, nil
	}
	return m.answer(), nil
}

func (m *medium) answer() *answer {
	kind := http.DetectContentType(m.data)
	if m.kind == "voice" && kind == "application/octet-stream" {
		kind = "audio/amr"
	}
	out := appAnswer(http.StatusOK, kind, m.data)
	out.header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": m.name}))
	return out
}

func (a *App) uploadPicture(c *appCall) (any, *errcode) {
	name, data, _, e := c.filePart()
	switch ext := strings.ToLower(path.Ext(name)); {
	case e != nil:
		return nil, e
	case ext != ".jpg" && ext != ".jpeg" && ext != ".png":
		return nil, wrong(40005, "invalid file type")
	case len(data) > 1<<20:
		return nil, wrong(40009, "invalid image size")
	}
	m := a.keepMedia("picture", name, data)
	m.until = time.Time{}
	return struct {
		URL string `json:"url"`
	}{a.mediaURL(m.id)}, nil
}

// massVideo turns an uploaded video into one that mass messages take.
func (a *App) massVideo(c *appCall) (any, *errcode) {
	var b struct {
		MediaID     string `json:"media_id"`
		Title       string `json:"title"`
		Description string `json:"description"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	m := a.medium(b.MediaID, "video")
	if m == nil {
		return nil, wrong(40007, "invalid media_id")
	}
	out := a.keepMedia("mpvideo", m.name, m.data)
	out.title, out.intro = b.Title, b.Description
	return struct {
		Type    string `json:"type"`
		MediaID string `json:"media_id"`
		Created int64  `json:"created_at"`
	}{"video", out.id, c.now.Unix()}, nil
}

// picture serves what mediaURL names.
func (a *App) picture(c *appCall) (any, *errcode) {
	m := a.medium(c.vars["media"])
	if m == nil {
		return appAnswer(http.StatusNotFound, "text/plain", []byte("not found")), nil
	}
	return m.answer(), nil
}

// readName reads one text member of a JSON text.
func readName(text, name string) string {
	var m map[string]json.RawMessage
	var s string
	if json.Unmarshal([]byte(text), &m) != nil || json.Unmarshal(m[name], &s) != nil || !utf8.ValidString(s) {
		return ""
	}
	return s
}
