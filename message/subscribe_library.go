package message

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Category is what an account deals with; it decides which templates there are.
type Category struct {
	ID   ID     `json:"id"`
	Name string `json:"name"`
}

type listOf[T any] struct {
	Count int `json:"count"`
	Data  []T `json:"data"`
}

// NoticeCategories returns the categories of the account.
//
// 获取类目
func (s *Service) NoticeCategories(ctx context.Context) ([]Category, error) {
	out, err := wechat.Call[listOf[Category]](ctx, s.app, wechat.GET("/wxaapi/newtmpl/getcategory"), nil)
	if err != nil {
		return nil, err
	}
	return out.Data, nil
}

// NoticeType says how long an agreement lasts.
type NoticeType int

// The types that are known; their numbers come from one source.
const (
	OneTime  NoticeType = 2 // one message for each agreement
	LongTerm NoticeType = 3 // public services only
)

// NoticeTitle is a template of the library.
type NoticeTitle struct {
	ID       ID         `json:"tid"`
	Title    string     `json:"title"`
	Type     NoticeType `json:"type"`
	Category ID         `json:"categoryId"`
}

type titlesRequest struct {
	IDs   string `query:"ids"`
	Start string `query:"start"`
	Limit int    `query:"limit"`
}

func (r titlesRequest) Validate() error {
	if r.IDs == "" {
		return wechat.Invalid("ids", "is empty: name a category of NoticeCategories")
	}
	return nil
}

const titlesPage = 30 // the most WeChat gives

// NoticeTitles walks the templates of the library for these categories.
//
// 获取类目下的公共模板
func (s *Service) NoticeTitles(ctx context.Context, categories ...ID) iter.Seq2[NoticeTitle, error] {
	texts := make([]string, len(categories))
	for i, c := range categories {
		texts[i] = strconv.FormatInt(int64(c), 10)
	}
	ids := strings.Join(texts, ",")
	return wechat.Pages(ctx, func(ctx context.Context, offset int) ([]NoticeTitle, int, error) {
		in := titlesRequest{ids, strconv.Itoa(offset), titlesPage}
		out, err := wechat.Call[listOf[NoticeTitle]](ctx, s.app, wechat.GET("/wxaapi/newtmpl/getpubtemplatetitles"), in)
		if err != nil {
			return nil, 0, err
		}
		return out.Data, out.Count, nil
	})
}

// NoticeKeyword is a keyword that a template of the library offers.
type NoticeKeyword struct {
	ID      ID     `json:"kid"`
	Name    string `json:"name"`
	Example string `json:"example"`
	Rule    string `json:"rule"` // its kind, such as thing
}

type titleRef struct {
	ID ID `query:"tid"`
}

func (r titleRef) Validate() error {
	if r.ID <= 0 {
		return wechat.Invalid("tid", "is not a template of NoticeTitles")
	}
	return nil
}

// NoticeKeywords returns the keywords that a template of the library offers.
//
// 获取模板中的关键词
func (s *Service) NoticeKeywords(ctx context.Context, title ID) ([]NoticeKeyword, error) {
	out, err := wechat.Call[listOf[NoticeKeyword]](ctx, s.app, wechat.GET("/wxaapi/newtmpl/getpubtemplatekeywords"), titleRef{title})
	if err != nil {
		return nil, err
	}
	return out.Data, nil
}

// NoticeChoice takes a template of the library into the account.
type NoticeChoice struct {
	Title    ID     `json:"tid"`
	Keywords []ID   `json:"kidList"`   // two to five, in the order to show them
	Scene    string `json:"sceneDesc"` // what it is for, up to 15 characters
}

// Validate checks what needs no network; AddNotice checks it too.
func (c NoticeChoice) Validate() error {
	var f check.Fields
	f.Must(c.Title > 0, "tid", "is not a template of NoticeTitles")
	f.Must(len(c.Keywords) >= 2 && len(c.Keywords) <= 5, "kidList", "has %d keywords, want 2 to 5", len(c.Keywords))
	for i, k := range c.Keywords {
		f.Must(!slices.Contains(c.Keywords[:i], k), fmt.Sprintf("kidList[%d]", i), "is there twice")
	}
	f.Words("sceneDesc", c.Scene, 15)
	return f.Err()
}

type noticeRef struct {
	ID string `json:"priTmplId"`
}

func (r noticeRef) Validate() error {
	var f check.Fields
	f.ID("priTmplId", r.ID, maxTemplateID)
	return f.Err()
}

// AddNotice takes a template of the library and returns the id to send it by.
//
// 选用模板
func (s *Service) AddNotice(ctx context.Context, c NoticeChoice) (string, error) {
	out, err := wechat.Call[noticeRef](ctx, s.app, wechat.POST("/wxaapi/newtmpl/addtemplate"), c)
	if err != nil {
		return "", err
	}
	return out.ID, nil
}

// NoticeTemplate is a subscription template of the account.
type NoticeTemplate struct {
	ID      string       `json:"priTmplId"`
	Title   string       `json:"title"`
	Content string       `json:"content"` // with {{thing1.DATA}} where a value goes
	Example string       `json:"example"`
	Type    NoticeType   `json:"type"`
	Enums   []NoticeEnum `json:"keywordEnumValueList"` // keywords that take certain values only
}

// NoticeEnum is a keyword that takes certain values only.
type NoticeEnum struct {
	Keyword string   `json:"keywordCode"`
	Values  []string `json:"enumValueList"`
}

// NoticeTemplates returns all subscription templates of the account.
//
// 获取已有模板列表
func (s *Service) NoticeTemplates(ctx context.Context) ([]NoticeTemplate, error) {
	out, err := wechat.Call[listOf[NoticeTemplate]](ctx, s.app, wechat.GET("/wxaapi/newtmpl/gettemplate"), nil)
	if err != nil {
		return nil, err
	}
	return out.Data, nil
}

// DeleteNotice removes a subscription template from the account.
//
// 删除模板
func (s *Service) DeleteNotice(ctx context.Context, id string) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/wxaapi/newtmpl/deltemplate"), noticeRef{id})
	return err
}
