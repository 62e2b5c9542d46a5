package menu

// Type is what a button does. New ones pass through.
type Type string

// The types known today. A Group has none.
const (
	TypeClick        Type = "click"
	TypeView         Type = "view"
	TypeScanPush     Type = "scancode_push"
	TypeScanWait     Type = "scancode_waitmsg"
	TypePhoto        Type = "pic_sysphoto"
	TypePhotoOrAlbum Type = "pic_photo_or_album"
	TypeAlbum        Type = "pic_weixin"
	TypeLocation     Type = "location_select"
	TypeMedia        Type = "media_id"
	TypeViewLimited  Type = "view_limited"
	TypeArticle      Type = "article_id"
	TypeViewArticle  Type = "article_view_limited"
	TypeMiniProgram  Type = "miniprogram"
)

// Button is one entry of a menu: an action, or a Group of up to five actions. The
// constructors make the right combinations; one that was written by hand or read
// from a file is checked by Validate.
type Button struct {
	Type      Type     `json:"type,omitempty"`
	Name      string   `json:"name"`
	Key       string   `json:"key,omitempty"`        // comes back in the event; up to 128 bytes
	URL       string   `json:"url,omitempty"`        // http or https, up to 1024 bytes
	MediaID   string   `json:"media_id,omitempty"`   // of a permanent material
	ArticleID string   `json:"article_id,omitempty"` // of a published article
	AppID     string   `json:"appid,omitempty"`      // of a mini program linked to the account
	PagePath  string   `json:"pagepath,omitempty"`
	Sub       []Button `json:"sub_button,omitempty"` // of a Group
}

// Click pushes Clicked with key; the user sees nothing but what the shop answers.
func Click(name, key string) Button { return Button{Type: TypeClick, Name: name, Key: key} }

// View opens a page and pushes Viewed. The page learns who the user is by web
// authorization.
func View(name, url string) Button { return Button{Type: TypeView, Name: name, URL: url} }

// ScanPush opens the scanner, shows the user what it read or opens its page, and
// pushes Scanned.
func ScanPush(name, key string) Button { return Button{Type: TypeScanPush, Name: name, Key: key} }

// ScanWait opens the scanner, pushes ScannedWaiting, and has the user wait for the
// shop's answer.
func ScanWait(name, key string) Button { return Button{Type: TypeScanWait, Name: name, Key: key} }

// Photo opens the camera and pushes Photographed; the picture follows as a message.
func Photo(name, key string) Button { return Button{Type: TypePhoto, Name: name, Key: key} }

// PhotoOrAlbum lets the user choose between camera and album and pushes
// PhotographedOrPicked; the pictures follow as messages.
func PhotoOrAlbum(name, key string) Button {
	return Button{Type: TypePhotoOrAlbum, Name: name, Key: key}
}

// Album opens WeChat's album and pushes Picked; the pictures follow as messages.
func Album(name, key string) Button { return Button{Type: TypeAlbum, Name: name, Key: key} }

// Location opens the map and pushes Located; the place follows as a message.
func Location(name, key string) Button { return Button{Type: TypeLocation, Name: name, Key: key} }

// Media sends the user a permanent material. Nothing is pushed.
func Media(name, mediaID string) Button {
	return Button{Type: TypeMedia, Name: name, MediaID: mediaID}
}

// ViewLimited opens the article of a permanent material. It is the older form of
// ViewArticle. Nothing is pushed.
func ViewLimited(name, mediaID string) Button {
	return Button{Type: TypeViewLimited, Name: name, MediaID: mediaID}
}

// Article shows a published article as a card in the chat. Nothing is pushed.
func Article(name, articleID string) Button {
	return Button{Type: TypeArticle, Name: name, ArticleID: articleID}
}

// ViewArticle opens a published article. Nothing is pushed.
func ViewArticle(name, articleID string) Button {
	return Button{Type: TypeViewArticle, Name: name, ArticleID: articleID}
}

// MiniProgram opens a page of a mini program that is linked to the account, or, in
// clients that are too old for it, the page fallback. It pushes OpenedMiniProgram.
func MiniProgram(name, appID, pagePath, fallback string) Button {
	return Button{Type: TypeMiniProgram, Name: name, AppID: appID, PagePath: pagePath, URL: fallback}
}

// Group is a button of the first level that opens a list of one to five others.
// Opening it pushes nothing.
func Group(name string, buttons ...Button) Button { return Button{Name: name, Sub: buttons} }
