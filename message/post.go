package message

import (
	"fmt"
	"strings"

	"github.com/wxcommerce/wechat/internal/check"
)

// Post is an article to write: text with a cover, or pictures with some words.
type Post struct {
	Type         PostType     `json:"article_type,omitempty"` // "" is Written
	Title        string       `json:"title"`                  // up to 32 characters; once it was 64
	Author       string       `json:"author,omitempty"`       // up to 16 characters
	Digest       string       `json:"digest,omitempty"`       // up to 128 characters; WeChat takes the beginning of the text if empty
	Content      string       `json:"content"`                // HTML with pictures of uploadimg only, under 20,000 characters and 1 MB; plain text with pictures
	SourceURL    string       `json:"content_source_url,omitempty"`
	ThumbMediaID string       `json:"thumb_media_id,omitempty"` // of Written, required: a permanent picture
	OpenComment  Bit          `json:"need_open_comment,omitempty"`
	FansOnly     Bit          `json:"only_fans_can_comment,omitempty"` // only followers comment
	CropWide     string       `json:"pic_crop_235_1,omitempty"`        // X1_Y1_X2_Y2 of the cover, fractions with up to 6 decimals
	CropSquare   string       `json:"pic_crop_1_1,omitempty"`
	Gallery      *Gallery     `json:"image_info,omitempty"` // of Pictured, required
	Cover        *Cover       `json:"cover_info,omitempty"` // of Pictured
	Product      *ProductInfo `json:"product_info,omitempty"`
}

// PostType is what an article consists of.
type PostType string

// The types of articles.
const (
	Written  PostType = "news"
	Pictured PostType = "newspic"
)

// Gallery is the pictures of a post, the first of which is its cover.
type Gallery struct {
	List []Photo `json:"image_list"` // up to 20
}

// Photo is a permanent picture.
type Photo struct {
	MediaID string `json:"image_media_id"`
}

// NewGallery makes a Gallery of permanent pictures.
func NewGallery(mediaIDs ...string) *Gallery {
	g := &Gallery{List: make([]Photo, len(mediaIDs))}
	for i, id := range mediaIDs {
		g.List[i].MediaID = id
	}
	return g
}

// Cover says how to cut the first picture.
type Cover struct {
	Crops []Crop `json:"crop_percent_list"`
}

// Crop is a part of a picture for one ratio: 1_1, 16_9 or 2.35_1. The corners are
// decimal fractions from 0 to 1, such as 0.166454.
type Crop struct {
	Ratio string `json:"ratio"`
	X1    string `json:"x1"`
	Y1    string `json:"y1"`
	X2    string `json:"x2"`
	Y2    string `json:"y2"`
}

// ProductInfo is the product sold below a post.
type ProductInfo struct {
	Footer struct {
		Key string `json:"product_key,omitempty"`
	} `json:"footer_product_info"`
}

// SellBelow puts a product below a post, by the key of ProductCard.
func SellBelow(key string) *ProductInfo {
	p := new(ProductInfo)
	p.Footer.Key = key
	return p
}

// Limits of an article: the wider one where the documents of different years differ.
const (
	maxTitle     = 64
	maxAuthor    = 16
	maxDigest    = 128
	maxContent   = 20000
	maxBytes     = 1 << 20
	maxSourceURL = 1024
	maxPictures  = 20
)

// Validate checks what needs no network; AddDraft and UpdateDraft check it too.
func (p Post) Validate() error {
	var f check.Fields
	p.check(&f, "")
	return f.Err()
}

func (p Post) check(f *check.Fields, at string) {
	required := func(name, value string) { f.Must(value != "", at+name, "is empty but required") }
	required("title", p.Title)
	f.Words(at+"title", p.Title, maxTitle)
	f.Words(at+"author", p.Author, maxAuthor)
	f.Words(at+"digest", p.Digest, maxDigest)
	required("content", p.Content)
	f.Words(at+"content", p.Content, maxContent-1)
	f.Must(len(p.Content) < maxBytes, at+"content", "has %d bytes, the limit is 1 MB", len(p.Content))
	f.OptionalID(at+"content_source_url", p.SourceURL, maxSourceURL)
	switch p.Type {
	case "", Written:
		required("thumb_media_id", p.ThumbMediaID)
	case Pictured:
		f.Must(p.Gallery != nil && len(p.Gallery.List) > 0, at+"image_info", "is empty: a post of pictures has 1 to 20")
	}
	if p.Gallery != nil {
		f.Must(len(p.Gallery.List) <= maxPictures, at+"image_info", "has %d pictures, the limit is 20", len(p.Gallery.List))
		for i, one := range p.Gallery.List {
			f.ID(fmt.Sprintf("%simage_info[%d]", at, i), one.MediaID, 256)
		}
	}
	for name, crop := range map[string]string{"pic_crop_235_1": p.CropWide, "pic_crop_1_1": p.CropSquare} {
		f.Must(crop == "" || isCrop(strings.Split(crop, "_")), at+name, "must be four fractions from 0 to 1 with up to 6 decimals, as in 0.1945_0_1_0.5236")
	}
	if p.Cover != nil {
		for i, c := range p.Cover.Crops {
			f.Must(isCrop([]string{c.X1, c.Y1, c.X2, c.Y2}), fmt.Sprintf("%scover_info[%d]", at, i), "must have four fractions from 0 to 1 with up to 6 decimals")
		}
	}
}

func isCrop(corners []string) bool {
	for _, c := range corners {
		if !isFraction(c) {
			return false
		}
	}
	return len(corners) == 4
}

// isFraction reports whether s is a decimal from 0 to 1 with at most 6 decimals.
func isFraction(s string) bool {
	whole, part, point := strings.Cut(s, ".")
	if point && (part == "" || len(part) > 6 || !all(part, isDigit)) {
		return false
	}
	return whole == "0" || whole == "1" && strings.Trim(part, "0") == ""
}

// Saved is a post as WeChat keeps it.
type Saved struct {
	Post
	URL      string `json:"url"` // of a draft for a while only
	ThumbURL string `json:"thumb_url"`
	Deleted  Bit    `json:"is_deleted"` // of published ones
}

// Posts are the articles of one draft or publication.
type Posts struct {
	Items []Saved `json:"news_item"`
}
