package message

import "github.com/wxcommerce/wechat/notify"

// Head is what every push has.
type Head struct {
	To   string `json:"ToUserName"`   // the account's original id, gh_…
	From string `json:"FromUserName"` // the user's openid; the account's id in reports to it
	At   Unix   `json:"CreateTime"`
}

// Said is what every message of a user has.
type Said struct {
	Head
	ID       int64  `json:"MsgId"`      // the same for every copy
	DataID   string `json:"MsgDataId"`  // of the article it was sent from, if any
	Index    int    `json:"Idx"`        // which of several articles that was, from 1
	Business string `json:"BusinessId"` // of whatever WeChat lets it belong to
}

// Words is a text message.
type Words struct {
	Said
	Content string `json:"Content"`
	MenuID  string `json:"bizmsgmenuid"` // ID of the Choice the user tapped, "" if written
}

// Picture is an image message.
type Picture struct {
	Said
	URL     string `json:"PicUrl"`
	MediaID string `json:"MediaId"` // for three days
}

// Recording is a voice message.
type Recording struct {
	Said
	MediaID    string `json:"MediaId"` // for three days
	Format     string `json:"Format"`  // amr or speex
	MediaID16K string `json:"MediaId16K"`
	Text       string `json:"Recognition"` // what WeChat understood; often nothing
}

// Film is a video message, or a short one taken inside WeChat.
type Film struct {
	Said
	MediaID      string `json:"MediaId"`
	ThumbMediaID string `json:"ThumbMediaId"`
}

// Place is a location message. Coordinates are decimal texts.
type Place struct {
	Said
	Latitude  string `json:"Location_X"`
	Longitude string `json:"Location_Y"`
	Scale     string `json:"Scale"` // of the map
	Label     string `json:"Label"`
}

// Hyperlink is a link message.
type Hyperlink struct {
	Said
	Title       string `json:"Title"`
	Description string `json:"Description"`
	URL         string `json:"Url"`
}

// PageCard is a mini-program card that a user sent to the mini program's customer
// service, such as the product or the order they ask about.
type PageCard struct {
	Said
	Title        string `json:"Title"`
	AppID        string `json:"AppId"`
	Path         string `json:"PagePath"`
	ThumbURL     string `json:"ThumbUrl"`
	ThumbMediaID string `json:"ThumbMediaId"`
}

// What users send. Answer them with notify.Answer and notify.Asking[Message], or
// with a Router; notify.On acknowledges and says nothing.
var (
	// SaidText is a text, written or tapped.
	SaidText = notify.Of[Words]("message.text")

	// SaidImage is a picture.
	SaidImage = notify.Of[Picture]("message.image")

	// SaidVoice is a recording.
	SaidVoice = notify.Of[Recording]("message.voice")

	// SaidVideo is a video, short or not.
	SaidVideo = notify.Of[Film]("message.video", "message.shortvideo")

	// SaidLocation is a place.
	SaidLocation = notify.Of[Place]("message.location")

	// SaidLink is a link.
	SaidLink = notify.Of[Hyperlink]("message.link")

	// SaidPage is a mini-program card.
	SaidPage = notify.Of[PageCard]("message.miniprogrampage")
)
