package message

import (
	"context"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// CardType is how a product looks in an article.
type CardType int

// The types of product cards. A post of pictures takes the last three, a written
// one the first three.
const (
	BigCard   CardType = 0
	SmallCard CardType = 1
	LinkCard  CardType = 2 // words that are a link
	BarCard   CardType = 3
)

// ProductCardRequest asks for the card of a product of the linked WeChat Store.
type ProductCardRequest struct {
	ProductID string   `json:"product_id"`
	Post      PostType `json:"article_type"` // Written or Pictured
	Card      CardType `json:"card_type"`
}

// Validate checks what needs no network; ProductCard checks it too.
func (r ProductCardRequest) Validate() error {
	var f check.Fields
	f.ID("product_id", r.ProductID, 64)
	f.OptionalID("article_type", string(r.Post), 32)
	f.Must(r.Post != "", "article_type", "is empty but required: Written or Pictured")
	f.Must(r.Card >= BigCard && r.Card <= BarCard, "card_type", "must be 0 to 3")
	f.Must(r.Post != Pictured || r.Card != BigCard, "card_type", "is the big card, which a post of pictures does not take")
	f.Must(r.Post != Written || r.Card != BarCard, "card_type", "is the bar, which a written post does not take")
	return f.Err()
}

// ProductCard is a product to put into an article, which is what became of product
// messages (商品消息): give Key to SellBelow for a post of pictures, or put DOM into
// the Content of a written one. Then send the draft with SendToTag or Publish it.
type ProductCard struct {
	Key string `json:"product_key"`
	DOM string `json:"DOM"` // HTML
}

// ProductCard asks for the card of a product.
//
// 获取商品卡片的DOM结构
func (s *Service) ProductCard(ctx context.Context, r ProductCardRequest) (*ProductCard, error) {
	return wechat.Call[ProductCard](ctx, s.app, wechat.POST("/channels/ec/service/product/getcardinfo").ReadOnly(), r)
}
