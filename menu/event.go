package menu

import "github.com/wxcommerce/wechat/notify"

// Push is what every event of a menu says of itself. Events carry no MsgId; the user
// and the time tell one from another.
type Push struct {
	ToUserName   string `json:"ToUserName"`   // the account, gh_…
	FromUserName string `json:"FromUserName"` // the user's OpenID
	CreateTime   int64  `json:"CreateTime"`   // in seconds
	Event        string `json:"Event"`
}

// Tap is a tap on a Click button.
type Tap struct {
	Push
	Key string `json:"EventKey"` // of the button
}

// Visit is a tap on a View button.
type Visit struct {
	Push
	URL    string `json:"EventKey"`
	MenuID ID     `json:"MenuId"` // of the conditional menu, or empty
}

// Launch is a tap on a MiniProgram button.
type Launch struct {
	Push
	PagePath string `json:"EventKey"`
	MenuID   ID     `json:"MenuId"` // of the conditional menu, or empty
}

// Scan is what the scanner of a ScanPush or ScanWait button read.
type Scan struct {
	Push
	Key  string   `json:"EventKey"` // of the button
	Code ScanCode `json:"ScanCodeInfo"`
}

// ScanCode is the code that was read.
type ScanCode struct {
	Type   string `json:"ScanType"`   // qrcode or barcode
	Result string `json:"ScanResult"` // a barcode's seems to begin with its kind and a comma, such as EAN_13,
}

// Pictures are what the user took or picked after a tap on a Photo, PhotoOrAlbum or
// Album button. Each of them follows as an image message.
type Pictures struct {
	Push
	Key  string   `json:"EventKey"` // of the button
	Sent SendPics `json:"SendPicsInfo"`
}

// SendPics lists pictures.
type SendPics struct {
	Count int       `json:"Count"`
	List  []Picture `json:"PicList"`
}

// Picture is known by its MD5 sum, in hex.
type Picture struct {
	MD5 string `json:"PicMd5Sum"`
}

// Place is what the user chose after a tap on a Location button. It follows as a
// location message.
type Place struct {
	Push
	Key string `json:"EventKey"` // of the button
	At  Spot   `json:"SendLocationInfo"`
}

// Spot is a place on the map. The numbers are texts, as precise as the phone sent
// them.
type Spot struct {
	Latitude  string `json:"Location_X"`
	Longitude string `json:"Location_Y"`
	Scale     string `json:"Scale"`
	Label     string `json:"Label"`   // the address
	Name      string `json:"Poiname"` // of the shop, station or other point, may be empty
}

// What the buttons push. Media, ViewLimited, Article, ViewArticle and Group push
// nothing.
var (
	Clicked              = notify.Of[Tap]("event.click")                   // Clicked comes from Click.
	Viewed               = notify.Of[Visit]("event.view")                  // Viewed comes from View.
	OpenedMiniProgram    = notify.Of[Launch]("event.view_miniprogram")     // OpenedMiniProgram comes from MiniProgram.
	Scanned              = notify.Of[Scan]("event.scancode_push")          // Scanned comes from ScanPush.
	ScannedWaiting       = notify.Of[Scan]("event.scancode_waitmsg")       // ScannedWaiting comes from ScanWait: the user waits for a reply.
	Photographed         = notify.Of[Pictures]("event.pic_sysphoto")       // Photographed comes from Photo.
	PhotographedOrPicked = notify.Of[Pictures]("event.pic_photo_or_album") // PhotographedOrPicked comes from PhotoOrAlbum.
	Picked               = notify.Of[Pictures]("event.pic_weixin")         // Picked comes from Album.
	Located              = notify.Of[Place]("event.location_select")       // Located comes from Location.
)
