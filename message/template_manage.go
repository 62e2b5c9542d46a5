package message

import (
	"context"
	"fmt"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

type industryRequest struct {
	First  string `json:"industry_id1"`
	Second string `json:"industry_id2"`
}

func (r industryRequest) Validate() error {
	var f check.Fields
	for i, id := range []string{r.First, r.Second} {
		f.Must(id != "" && len(id) <= 8 && all(id, isDigit), fmt.Sprintf("industry_id%d", i+1), "is not the number of an industry (%d bytes)", len(id))
	}
	return f.Err()
}

// SetIndustry chooses the two industries, by their numbers, whose templates the
// account may use. It is possible once a month: ErrIndustryFixed.
//
// 设置所属行业
func (s *Service) SetIndustry(ctx context.Context, first, second string) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/template/api_set_industry"), industryRequest{first, second})
	return err
}

// Industries are the two that the account's templates come from.
type Industries struct {
	Primary   Industry `json:"primary_industry"`
	Secondary Industry `json:"secondary_industry"`
}

// Industry is named in two steps, such as IT科技 and 互联网|电子商务.
type Industry struct {
	First  string `json:"first_class"`
	Second string `json:"second_class"`
}

// Industries returns the industries of the account.
//
// 获取行业信息
func (s *Service) Industries(ctx context.Context) (*Industries, error) {
	return wechat.Call[Industries](ctx, s.app, wechat.GET("/cgi-bin/template/get_industry"), nil)
}

type addTemplateRequest struct {
	Short    string   `json:"template_id_short"`
	Keywords []string `json:"keyword_name_list,omitempty"`
}

func (r addTemplateRequest) Validate() error {
	var f check.Fields
	f.ID("template_id_short", r.Short, maxTemplateID)
	for i, k := range r.Keywords {
		at := fmt.Sprintf("keyword_name_list[%d]", i)
		f.Must(k != "", at, "is empty")
		f.Words(at, k, 32)
	}
	return f.Err()
}

type templateRef struct {
	TemplateID string `json:"template_id"`
}

func (r templateRef) Validate() error {
	var f check.Fields
	f.ID("template_id", r.TemplateID, maxTemplateID)
	return f.Err()
}

// AddTemplate takes a template of the library, by its short number and with the
// keywords wanted, and returns the id to send it by. An account has up to 25; doing it
// twice adds it twice.
//
// 选用模板
func (s *Service) AddTemplate(ctx context.Context, short string, keywords ...string) (string, error) {
	out, err := wechat.Call[templateRef](ctx, s.app, wechat.POST("/cgi-bin/template/api_add_template"), addTemplateRequest{short, keywords})
	if err != nil {
		return "", err
	}
	return out.TemplateID, nil
}

// PrivateTemplate is a template of the account.
type PrivateTemplate struct {
	ID       string `json:"template_id"`
	Title    string `json:"title"`
	Industry string `json:"primary_industry"`
	Deputy   string `json:"deputy_industry"`
	Content  string `json:"content"` // with {{thing1.DATA}} where a value goes
	Example  string `json:"example"`
}

type privateTemplates struct {
	List []PrivateTemplate `json:"template_list"`
}

// Templates returns all templates of the account.
//
// 获取已选用模板列表
func (s *Service) Templates(ctx context.Context) ([]PrivateTemplate, error) {
	out, err := wechat.Call[privateTemplates](ctx, s.app, wechat.GET("/cgi-bin/template/get_all_private_template"), nil)
	if err != nil {
		return nil, err
	}
	return out.List, nil
}

// DeleteTemplate removes a template from the account.
//
// 删除模板
func (s *Service) DeleteTemplate(ctx context.Context, templateID string) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/template/del_private_template"), templateRef{templateID})
	return err
}
