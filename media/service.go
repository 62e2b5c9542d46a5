package media

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Service keeps the files of one account. It is immutable and safe for concurrent
// use.
type Service struct{ app *wechat.App }

// New makes a Service. The App needs a TokenSource.
func New(app *wechat.App) *Service { return &Service{app} }

// Kind is what sort of file it is. New ones pass through.
type Kind string

// The kinds of today.
const (
	Image Kind = "image" // up to 10 MB
	Voice Kind = "voice" // up to 2 MB and 60 seconds; amr or mp3
	Video Kind = "video" // up to 10 MB; mp4
	Thumb Kind = "thumb" // up to 64 KB; jpg
	News  Kind = "news"  // articles; only in List and All
)

const (
	kb = 1 << 10
	mb = 1 << 20
)

// limits is how large a file of each kind may be.
var limits = map[Kind]int64{Image: 10 * mb, Voice: 2 * mb, Video: 10 * mb, Thumb: 64 * kb}

// names are the extensions of temporary files, where WeChat is strict.
var names = map[Kind][]string{Voice: {".amr", ".mp3"}, Video: {".mp4"}, Thumb: {".jpg", ".jpeg"}}

// upload is a file of a kind; the kind travels in the address.
type upload struct {
	Kind   Kind        `json:"-" query:"type"`
	File   wechat.File `json:"-"`
	strict bool
}

// Validate checks kind, extension and size.
func (u upload) Validate() error {
	var f check.Fields
	f.ID("type", string(u.Kind), 32)
	f.Must(u.Kind != News, "type", "is news: articles are drafts, not files")
	if allowed := names[u.Kind]; u.strict && allowed != nil {
		f.Must(slices.Contains(allowed, extension(u.File)), "filename", "has to end in %s for a %s", strings.Join(allowed, " or "), u.Kind)
	}
	if most, ok := limits[u.Kind]; ok {
		checkSize(&f, u.File, most)
	}
	return f.Err()
}

func extension(f wechat.File) string { return strings.ToLower(path.Ext(f.Name)) }

// checkSize measures the file by seeking to its end; Upload reads it from its start.
func checkSize(f *check.Fields, file wechat.File, most int64) {
	if file.Data == nil {
		f.Fail("media", "has no data")
		return
	}
	size, err := file.Data.Seek(0, io.SeekEnd)
	f.Must(err == nil, "media", "cannot be measured")
	f.Must(size <= most, "media", "has %d bytes, the limit is %s", size, sized(most))
}

func sized(bytes int64) string {
	if bytes >= mb {
		return fmt.Sprintf("%d MB", bytes/mb)
	}
	return fmt.Sprintf("%d KB", bytes/kb)
}

// idRequest names a file in the body.
type idRequest struct {
	MediaID string `json:"media_id"`
}

// Validate demands an id.
func (r idRequest) Validate() error { return checkID(r.MediaID) }

// idQuery names a file in the address.
type idQuery struct {
	MediaID string `query:"media_id"`
}

// Validate demands an id.
func (r idQuery) Validate() error { return checkID(r.MediaID) }

func checkID(id string) error {
	var f check.Fields
	f.ID("media_id", id, 256)
	return f.Err()
}
