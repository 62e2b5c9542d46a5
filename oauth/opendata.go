package oauth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/seal"
)

// EncryptedData is what a mini program's page got sealed for its server, under the
// names that the page has it by.
type EncryptedData struct {
	Data string `json:"encryptedData"` // base64
	IV   string `json:"iv"`            // base64
}

// Watermark says for which app and when WeChat made the data.
type Watermark struct {
	AppID     string `json:"appid"`
	Timestamp int64  `json:"timestamp"` // Unix seconds
}

// ahead is how much WeChat's clock may be before ours.
const ahead = 5 * time.Minute

// Open decrypts in with the session key and reads it into a T, such as a Profile or
// a Phone. Data made for another app is ErrWatermark, data older than Config.MaxAge
// or from the future ErrStale, and anything else wrong ErrData. No error tells about
// the content.
func Open[T any](m *Mini, key SessionKey, in EncryptedData) (*T, error) {
	plain, err := seal.OpenData(key.key, in.IV, in.Data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrData, err)
	}
	if err := m.watermark(plain); err != nil {
		return nil, err
	}
	out := new(T)
	if wire.Unmarshal(plain, out) != nil {
		return nil, fmt.Errorf("%w: it does not fit %T", ErrData, *out)
	}
	return out, nil
}

func (m *Mini) watermark(plain []byte) error {
	var in struct {
		Mark *Watermark `json:"watermark"`
	}
	if wire.Unmarshal(plain, &in) != nil || in.Mark == nil {
		return fmt.Errorf("%w: no JSON with a watermark; wx.login may have replaced the session key", ErrData)
	}
	if in.Mark.AppID != m.cfg.App.ID() {
		return ErrWatermark
	}
	age := m.cfg.Now().Sub(time.Unix(in.Mark.Timestamp, 0))
	if age > m.cfg.MaxAge || age < -ahead {
		return ErrStale
	}
	return nil
}

// Profile is the user of a mini program, as getUserInfo seals it. Newer clients fill
// in little of it.
type Profile struct {
	OpenID    string    `json:"openId"`
	UnionID   string    `json:"unionId"`
	Nickname  string    `json:"nickName"`
	Gender    int       `json:"gender"` // 0 unknown, 1 male, 2 female
	Language  string    `json:"language"`
	City      string    `json:"city"`
	Province  string    `json:"province"`
	Country   string    `json:"country"`
	AvatarURL string    `json:"avatarUrl"`
	Watermark Watermark `json:"watermark"`
}

// Phone is a user's phone number. It prints as *** in every verb, in JSON and slog;
// the fields hold it in clear.
type Phone struct {
	Number      string    `json:"phoneNumber"`     // with the country code if it is a foreign one
	Pure        string    `json:"purePhoneNumber"` // without
	CountryCode string    `json:"countryCode"`
	Watermark   Watermark `json:"watermark"`
}

// Format prints ***, whatever the verb.
func (p Phone) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "phone ***") }

// LogValue makes slog print ***.
func (p Phone) LogValue() slog.Value { return slog.StringValue("phone ***") }

// MarshalJSON returns "***": store the fields by name.
func (p Phone) MarshalJSON() ([]byte, error) { return []byte(`"***"`), nil }

type phoneRequest struct {
	Code string `json:"code"`
}

// Validate checks the code's shape.
func (r phoneRequest) Validate() error {
	var f check.Fields
	f.ID("code", r.Code, 512)
	return f.Err()
}

type phoneAnswer struct {
	Phone Phone `json:"phone_info"`
}

// Validate refuses an answer without a number.
func (a *phoneAnswer) Validate() error {
	if a.Phone.Number == "" && a.Phone.Pure == "" {
		return errors.New("the answer carries no phone number")
	}
	return nil
}

// PhoneNumber turns the code of the mini program's getPhoneNumber button, which is
// another one than that of wx.login, into the number. It is good once and for about
// five minutes; ErrCodeInvalid means to have the button pressed again. The App needs
// a TokenSource.
//
// 获取手机号
func (m *Mini) PhoneNumber(ctx context.Context, code string) (*Phone, error) {
	a, err := call[phoneAnswer](ctx, m.cfg.App, wechat.POST("/wxa/business/getuserphonenumber"), phoneRequest{code}, code)
	if err != nil {
		return nil, err
	}
	return &a.Phone, nil
}
