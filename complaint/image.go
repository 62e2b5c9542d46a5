package complaint

import (
	"context"
	"io"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Uploaded is a picture that replies and rejections can show.
type Uploaded struct {
	MediaID string `json:"media_id"`
}

// UploadImage uploads a picture: JPG, BMP or PNG, up to 2 MB, with a name that ends
// accordingly. An upload that is repeated makes a second, harmless id.
//
// 商户上传反馈图片API
func (s *Service) UploadImage(ctx context.Context, f wechat.File) (*Uploaded, error) {
	return wechat.Upload[Uploaded](ctx, s.m, wechat.POST("/v3/merchant-service/images/upload"), nil, f)
}

type imageRequest struct {
	MediaID string `json:"-" path:"media_id"`
}

func (r imageRequest) Validate() error {
	var f check.Fields
	f.ID("media_id", r.MediaID, 512)
	return f.Err()
}

// Image streams the picture with this id; the caller closes it. Neither the answer
// nor a digest of it is signed: TLS alone vouches for a picture, and its content is
// a stranger's.
//
// 图片下载API
func (s *Service) Image(ctx context.Context, mediaID string) (*wechat.Stream, error) {
	return wechat.Open(ctx, s.m, wechat.GET("/v3/merchant-service/images/{media_id}"), imageRequest{mediaID})
}

// ImageAt is Image for an address, as it stands in Media.URLs and Entry.Images.
// Addresses that are not WeChat Pay's own are refused, for the request is signed.
func (s *Service) ImageAt(ctx context.Context, address string) (io.ReadCloser, error) {
	return wechat.Download(ctx, s.m, address)
}
