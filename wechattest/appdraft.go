package wechattest

import (
	"html"
	"slices"
	"strings"
)

const mostInDraft = 8

// shelf keeps what drafts are made of and become; App.mu guards it.
type shelf struct {
	products []string
	keys     map[string]string      // product_key → product_id
	jobs     map[string]publication // by publish_id
	made     int64
}

// publication is a draft that was published. The articles share one article_id, under
// which the first of them shows.
type publication struct {
	id   string
	arts []ChatArticle
}

func (a *App) routeDrafts() {
	a.route("POST", "/channels/ec/service/product/getcardinfo", (*App).productCard).only(OfficialAccount)
	a.route("POST", "/cgi-bin/draft/add", (*App).addDraft).only(OfficialAccount)
	a.route("POST", "/cgi-bin/freepublish/submit", (*App).publish).only(OfficialAccount)
	a.route("POST", "/cgi-bin/freepublish/get", (*App).publishState).only(OfficialAccount)
}

// AddProduct puts a product of the linked WeChat Store up for sale, so that its card
// can stand in articles.
func (a *App) AddProduct(productID string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !slices.Contains(a.shelf.products, productID) {
		a.shelf.products = append(a.shelf.products, productID)
	}
}

func (a *App) productCard(c *appCall) (any, *errcode) {
	var b struct {
		Product string `json:"product_id"`
		Type    string `json:"article_type"`
		Card    int    `json:"card_type"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	first := map[string]int{"news": 0, "newspic": 1}
	least, known := first[b.Type]
	switch {
	case !slices.Contains(a.shelf.products, b.Product):
		return nil, wrong(10170001, "invalid product_id")
	case !known:
		return nil, wrong(10170002, "invalid article_type")
	case b.Card < least || b.Card > least+2:
		return nil, wrong(10170003, "invalid card_type")
	}
	if a.shelf.keys == nil {
		a.shelf.keys = map[string]string{}
	}
	key := randomText(32)
	a.shelf.keys[key] = b.Product
	return struct {
		Key string `json:"product_key"`
		DOM string `json:"DOM"`
	}{key, `<section class="product" data-key="` + key + `">` + html.EscapeString(b.Product) + `</section>`}, nil
}

// draftArticle is what of an article the simulator looks at.
type draftArticle struct {
	Type    string `json:"article_type"`
	Title   string `json:"title"`
	Digest  string `json:"digest"`
	Content string `json:"content"`
	Thumb   string `json:"thumb_media_id"`
	Images  struct {
		List []struct {
			MediaID string `json:"image_media_id"`
		} `json:"image_list"`
	} `json:"image_info"`
	Product struct {
		Footer struct {
			Key string `json:"product_key"`
		} `json:"footer_product_info"`
	} `json:"product_info"`
}

func (a *App) addDraft(c *appCall) (any, *errcode) {
	var b struct {
		Articles []draftArticle `json:"articles"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	if len(b.Articles) == 0 || len(b.Articles) > mostInDraft {
		return nil, wrong(45008, "article size out of limit")
	}
	arts := make([]ChatArticle, len(b.Articles))
	for i, d := range b.Articles {
		var e *errcode
		if arts[i], e = a.article(d); e != nil {
			return nil, e
		}
	}
	return struct {
		MediaID string `json:"media_id"`
	}{a.keepDraft(arts)}, nil
}

// article is a draft's article as users will see it; a.mu is held.
func (a *App) article(d draftArticle) (ChatArticle, *errcode) {
	var none ChatArticle
	cover := d.Thumb
	if d.Type == "newspic" {
		if cover = ""; len(d.Images.List) > 0 {
			cover = d.Images.List[0].MediaID
		}
	}
	product, sold := a.shelf.keys[d.Product.Footer.Key]
	switch {
	case d.Title == "" || characters(d.Title) > 64:
		return none, wrong(45003, "title size out of limit")
	case d.Content == "":
		return none, wrong(45166, "invalid content")
	case !slices.Contains(a.media.material, cover):
		return none, wrong(40007, "invalid media_id")
	case d.Product.Footer.Key != "" && !sold:
		return none, wrong(53405, "invalid product_key")
	}
	for key, id := range a.shelf.keys {
		if strings.Contains(d.Content, key) {
			product = id
		}
	}
	return ChatArticle{Title: d.Title, Description: d.Digest, URL: a.base + "/s/" + randomText(22), PicURL: a.mediaURL(cover), Product: product}, nil
}

// keepDraft stores a draft; a.mu is held.
func (a *App) keepDraft(arts []ChatArticle) (mediaID string) {
	if a.drafts == nil {
		a.drafts = map[string][]ChatArticle{}
	}
	id := randomText(64)
	a.drafts[id] = slices.Clone(arts)
	return id
}

// publish makes the page of a draft at once and pushes the result.
func (a *App) publish(c *appCall) (any, *errcode) {
	var b struct {
		MediaID string `json:"media_id"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	arts := a.drafts[b.MediaID]
	if len(arts) == 0 {
		return nil, wrong(40007, "invalid media_id")
	}
	delete(a.drafts, b.MediaID)
	a.shelf.made++
	job, id := decimal(100_000_000+a.shelf.made), a.keepArticle(arts[0])
	if a.shelf.jobs == nil {
		a.shelf.jobs = map[string]publication{}
	}
	a.shelf.jobs[job] = publication{id, arts}
	items := make([][]pushItem, len(arts))
	for i, art := range arts {
		items[i] = []pushItem{{"idx", int64(i + 1)}, {"article_url", art.URL}}
	}
	a.pushEvent(User{Name: "publisher"}.OpenID(a.AppID), "PUBLISHJOBFINISH", pushItem{"PublishEventInfo", []pushItem{
		{"publish_id", job}, {"publish_status", int64(0)}, {"article_id", id}, {"article_detail", []pushItem{
			{"count", int64(len(arts))}, {"item", items}}}}})
	return struct {
		Job  string `json:"publish_id"`
		Data int64  `json:"msg_data_id"`
	}{job, 2_247_483_000 + a.shelf.made}, nil
}

// keepArticle stores a published article; a.mu is held.
func (a *App) keepArticle(art ChatArticle) (articleID string) {
	if a.articles == nil {
		a.articles = map[string]*ChatArticle{}
	}
	id := randomText(43)
	a.articles[id] = &art
	return id
}

func (a *App) publishState(c *appCall) (any, *errcode) {
	var b struct {
		Job string `json:"publish_id"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	p, known := a.shelf.jobs[b.Job]
	if !known {
		return nil, wrong(40007, "invalid publish_id")
	}
	pages := make([]publishedPage, len(p.arts))
	for i, art := range p.arts {
		pages[i] = publishedPage{i + 1, art.URL}
	}
	return struct {
		Job    string         `json:"publish_id"`
		Status int            `json:"publish_status"`
		ID     string         `json:"article_id"`
		Detail map[string]any `json:"article_detail"`
		Failed []int          `json:"fail_idx"`
	}{b.Job, 0, p.id, map[string]any{"count": len(pages), "item": pages}, []int{}}, nil
}

type publishedPage struct {
	Index int    `json:"idx"`
	URL   string `json:"article_url"`
}
