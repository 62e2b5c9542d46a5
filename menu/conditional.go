package menu

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// ID is WeChat's number of a menu. Some calls write it as a number and others as a
// string; both are read, and a string is written.
type ID string

// UnmarshalJSON reads a string or a whole number; null leaves the ID as it is.
func (id *ID) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(id))
	}
	var n json.Number
	if err := json.Unmarshal(b, &n); err != nil {
		return errors.New("menu: a menuid is neither a string nor a number")
	}
	if n != "" {
		*id = ID(n)
	}
	return nil
}

// Platform is what the user's client runs on.
type Platform string

// The platforms that WeChat tells apart.
const (
	IOS     Platform = "1"
	Android Platform = "2"
	Others  Platform = "3"
)

// Rule says who sees a conditional menu: the user must fit all that is set, and one
// thing has to be. Of several tags of a user the one given last counts. What other
// rules there were (sex, place, language) WeChat has withdrawn.
type Rule struct {
	TagID    ID       `json:"tag_id,omitempty"` // a tag of package user
	Platform Platform `json:"client_platform_type,omitempty"`
}

// ForTag is the rule for users with this tag.
func ForTag(tagID int64) Rule { return Rule{TagID: ID(strconv.FormatInt(tagID, 10))} }

// ForPlatform is the rule for users of this platform.
func ForPlatform(p Platform) Rule { return Rule{Platform: p} }

// On narrows a rule to a platform.
func (r Rule) On(p Platform) Rule { r.Platform = p; return r }

// Conditional is a menu for those who fit Rule.
type Conditional struct {
	Menu
	Rule Rule `json:"matchrule"`
}

// Stored is a conditional menu as WeChat keeps it.
type Stored struct {
	Conditional
	ID ID `json:"menuid"`
}

// Validate checks every rule that needs no network; AddConditional checks it too. The
// error is a *wechat.FieldError.
func (c Conditional) Validate() error {
	if err := c.Menu.Validate(); err != nil {
		return err
	}
	var f check.Fields
	f.Must(c.Rule != Rule{}, "matchrule", "is empty: name a tag, a platform, or both")
	if c.Rule.TagID != "" {
		n, err := strconv.ParseInt(string(c.Rule.TagID), 10, 64)
		f.Must(err == nil && n >= 0, "matchrule.tag_id", "is not a tag's number (%d bytes)", len(c.Rule.TagID))
	}
	f.OptionalID("matchrule.client_platform_type", string(c.Rule.Platform), 8)
	return f.Err()
}

type added struct {
	ID ID `json:"menuid"`
}

// Validate demands the number.
func (a added) Validate() error {
	if a.ID == "" {
		return fmt.Errorf("menu: %w", wechat.Invalid("menuid", "is missing"))
	}
	return nil
}

// AddConditional adds a menu for those who fit its rule. There has to be a default
// menu (ErrNoDefault). The newest menu whose rule fits wins; a menu cannot be
// changed, only deleted and added again. All conditional menus together may open
// pages of at most three domains that are not WeChat's. It is not repeated: another
// try would add another menu. At most 2000 times a day.
//
// 创建个性化菜单
func (s *Service) AddConditional(ctx context.Context, c Conditional) (ID, error) {
	out, err := wechat.Call[added](ctx, s.app, wechat.POST("/cgi-bin/menu/addconditional"), c)
	if err != nil {
		return "", err
	}
	return out.ID, nil
}

type deletion struct {
	ID ID `json:"menuid"`
}

// Validate demands a number.
func (d deletion) Validate() error {
	var f check.Fields
	f.ID("menuid", string(d.ID), 64)
	return f.Err()
}

// DeleteConditional removes one conditional menu. ErrNoSuchMenu says that there is
// none of that number, or none any more.
//
// 删除个性化菜单
func (s *Service) DeleteConditional(ctx context.Context, id ID) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/menu/delconditional").Keyed(), deletion{id})
	return err
}

type trial struct {
	User string `json:"user_id"`
}

// Validate demands a user.
func (t trial) Validate() error {
	var f check.Fields
	f.ID("user_id", t.User, 128)
	return f.Err()
}

type match struct {
	Buttons []Button `json:"button"`
}

// TryMatch tells which buttons a follower sees; user is an OpenID or a WeChat id.
//
// 测试个性化菜单匹配结果
func (s *Service) TryMatch(ctx context.Context, user string) ([]Button, error) {
	out, err := wechat.Call[match](ctx, s.app, wechat.POST("/cgi-bin/menu/trymatch").ReadOnly(), trial{user})
	if err != nil {
		return nil, err
	}
	return out.Buttons, nil
}
