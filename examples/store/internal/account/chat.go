package account

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"strings"

	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/message"
)

// orderNo is how the shop's order numbers look.
var orderNo = regexp.MustCompile(`\b[0-9]{8}[A-Z2-7]{20}\b`)

// answers is what the account says to whom.
func (a *Account) answers() *message.Router {
	r := message.NewRouter(a.say)
	r.Subscribe(func(context.Context, message.Incoming) (message.Message, error) {
		return message.Text("欢迎来到山月小铺！\n" + message.LinkWords("进店逛逛", a.enter("/")) + "，或者写下想要的东西，例如“茶”。\n" +
			"Welcome to Hill & Moon. Write what you are looking for, such as “tea”."), nil
	})
	r.Click(TeaKey, func(ctx context.Context, _ message.Incoming) (message.Message, error) { return a.card(ctx, "tea") })
	r.Regexp(orderNo, func(ctx context.Context, in message.Incoming) (message.Message, error) {
		return a.orderText(ctx, in.From, in.Matches[0])
	})
	for _, word := range []string{"订单", "我的订单", "order", "orders"} {
		r.Exact(word, func(ctx context.Context, in message.Incoming) (message.Message, error) {
			return a.orderText(ctx, in.From, "")
		})
	}
	r.Default(a.search)
	return r
}

// search answers a text with the first product whose name has to do with it.
func (a *Account) search(ctx context.Context, in message.Incoming) (message.Message, error) {
	all, err := a.cfg.Store.Products(ctx)
	if err != nil {
		return message.Message{}, err
	}
	for _, exact := range []bool{true, false} {
		for _, p := range all {
			if named(p, in.Text, exact) {
				return a.story(p), nil
			}
		}
	}
	return message.Text("没有找到相关的商品。可以写“茶”“茶壶”“咖啡”，或写“订单”查看最近的订单。\n" +
		"Nothing like that here. Try “tea” or “coffee”, or “order” for your latest order."), nil
}

// named tells whether a text names a product: by its slug, or by a part of its names.
func named(p shop.Product, text string, exact bool) bool {
	text = strings.ToLower(strings.TrimSpace(text))
	if exact {
		return text == p.Slug
	}
	return text != "" && (strings.Contains(p.Name, text) || strings.Contains(strings.ToLower(p.NameEN), text) || strings.Contains(p.About, text))
}

func (a *Account) card(ctx context.Context, slug string) (message.Message, error) {
	p, err := a.cfg.Store.Product(ctx, slug)
	if errors.Is(err, shop.ErrNotFound) {
		return message.Text("今天没有推荐的茶。"), nil
	}
	return a.story(p), err
}

// story is a product as a card that opens its page, logged in. WeChat itself shows
// pictures in JPEG and PNG; ours are drawings, which the simulated phone shows too.
func (a *Account) story(p shop.Product) message.Message {
	return message.News(message.Story{Title: p.Name + " ¥" + p.Price.Yuan(), Description: p.About,
		URL: a.enter("/p/" + url.PathEscape(p.Slug)), PicURL: a.cfg.Origin + a.cfg.Picture(p.Slug)})
}

// orderText says how an order stands, to its own customer only.
func (a *Account) orderText(ctx context.Context, openID, no string) (message.Message, error) {
	o, err := a.cfg.Store.OrderBy(ctx, openID, no)
	switch {
	case errors.Is(err, shop.ErrNotFound):
		return message.Text("没有找到您的订单。\nThere is no such order of yours."), nil
	case err != nil:
		return message.Message{}, err
	}
	return a.about(o), nil
}

// about is an order in a few words, without anything personal.
func (a *Account) about(o shop.Order) message.Message {
	return message.Text("订单 " + o.No + "\n" + o.Description + "，共 ¥" + o.Total.Yuan() + "，" + stands(o) + "\n" +
		message.LinkWords("查看订单", a.enter("/orders/"+o.No)))
}

func stands(o shop.Order) string {
	switch {
	case o.State == shop.Pending:
		return "待付款"
	case o.State == shop.Closed:
		return "已关闭"
	case o.Refunded == o.Total:
		return "已全额退款"
	case o.Refunding > 0:
		return "退款中"
	}
	return "已付款"
}
