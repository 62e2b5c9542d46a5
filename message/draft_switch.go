package message

import (
	"context"

	"github.com/wxcommerce/wechat"
)

type switchRequest struct {
	Ask int `json:"-" query:"checkonly"`
}

type switchState struct {
	Open Bit `json:"is_open"`
}

// HasDraftBox asks whether the account has drafts and publishing. All accounts have
// them nowadays.
//
// MP端开关（仅内测期间使用）
func (s *Service) HasDraftBox(ctx context.Context) (bool, error) {
	return s.draftSwitch(ctx, wechat.POST("/cgi-bin/draft/switch").ReadOnly(), switchRequest{1})
}

// OpenDraftBox gives an account drafts and publishing, which it cannot be taken back
// from, and reports whether it has them.
//
// MP端开关（仅内测期间使用）
func (s *Service) OpenDraftBox(ctx context.Context) (bool, error) {
	return s.draftSwitch(ctx, wechat.POST("/cgi-bin/draft/switch"), switchRequest{})
}

func (s *Service) draftSwitch(ctx context.Context, op wechat.Op, in switchRequest) (bool, error) {
	out, err := wechat.Call[switchState](ctx, s.app, op, in)
	if err != nil {
		return false, err
	}
	return bool(out.Open), nil
}
