package shop

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/wxcommerce/wechat"
)

// Product is one thing on the shelf. Price is per piece.
type Product struct {
	Slug           string
	Name, NameEN   string
	About, AboutEN string
	Price          wechat.Fen
	Stock          int64
}

// shelf is what a new shop sells.
var shelf = []Product{
	{Slug: "teapot", Name: "青瓷茶壶", NameEN: "Celadon Teapot", Price: 26800, Stock: 40,
		About:   "龙泉青瓷，手工拉坯，釉色温润如玉。容量 350 毫升，出水利落不挂滴。",
		AboutEN: "Longquan celadon, thrown by hand, with a jade-soft glaze. Holds 350 ml and pours without a drip."},
	{Slug: "tea", Name: "明前龙井", NameEN: "Longjing Spring Tea", Price: 16800, Stock: 80,
		About:   "清明前采摘的一芽一叶，当日手炒。罐装 100 克，清香甘爽。",
		AboutEN: "One bud, one leaf, picked before Qingming and pan-fired the same day. 100 g tin, sweet and clean."},
	{Slug: "candle", Name: "桂花香薰蜡烛", NameEN: "Osmanthus Candle", Price: 8800, Stock: 60,
		About:   "大豆蜡与桂花精油，棉芯慢燃约 45 小时，盖灭后杯子可作茶盏。",
		AboutEN: "Soy wax with osmanthus oil and a cotton wick; burns about 45 hours, and the cup lives on."},
	{Slug: "lamp", Name: "竹影台灯", NameEN: "Bamboo Shade Lamp", Price: 32800, Stock: 25,
		About:   "安吉竹丝编织灯罩，暖光三档可调，胡桃木底座。",
		AboutEN: "A shade woven from Anji bamboo, three steps of warm light, and a walnut base."},
	{Slug: "vase", Name: "素胎花瓶", NameEN: "Bisque Vase", Price: 12800, Stock: 50,
		About:   "粗陶素烧，留着手的痕迹。插一枝就很好看，高 22 厘米。",
		AboutEN: "Unglazed stoneware that keeps the marks of the hand. Lovely with a single branch. 22 cm tall."},
	{Slug: "tote", Name: "帆布手提袋", NameEN: "Canvas Tote", Price: 5900, Stock: 120,
		About:   "16 安加厚棉帆布，内袋带拉链，装得下一台笔记本和一束花。",
		AboutEN: "Heavy 16 oz cotton canvas with a zipped pocket. Room for a laptop and a bunch of flowers."},
	{Slug: "coffee", Name: "手冲咖啡套装", NameEN: "Pour-over Set", Price: 19800, Stock: 30,
		About:   "陶瓷滤杯、耐热玻璃分享壶与 40 张滤纸，周末早晨的小仪式。",
		AboutEN: "Ceramic dripper, heat-proof glass server and 40 filters: a small ritual for weekend mornings."},
	{Slug: "bookmark", Name: "银杏书签", NameEN: "Ginkgo Bookmark", Price: 1, Stock: 500,
		About:   "黄铜蚀刻银杏叶。只要一分钱，专门用来试一试付款流程。",
		AboutEN: "A ginkgo leaf etched in brass. It costs one fen and is here so that you can try paying."},
	{Slug: "honey", Name: "百花蜂蜜", NameEN: "Wildflower Honey", Price: 7600, Stock: 3,
		About:   "秦岭深山一年只割一次的土蜂蜜，今年的份额快要售完了。",
		AboutEN: "Harvested once a year deep in the Qinling mountains. This year's share is nearly gone."},
}

// stockShelves fills an empty catalogue and leaves any other as it is.
func stockShelves(ctx context.Context, tx *sql.Tx) error {
	for i, p := range shelf {
		_, err := tx.ExecContext(ctx, `INSERT INTO products (slug, position, name_zh, name_en, about_zh, about_en, price, stock)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (slug) DO NOTHING`,
			p.Slug, i, p.Name, p.NameEN, p.About, p.AboutEN, int64(p.Price), p.Stock)
		if err != nil {
			return fmt.Errorf("shop: stock shelves: %w", err)
		}
	}
	return nil
}

const productColumns = `SELECT slug, name_zh, name_en, about_zh, about_en, price, stock FROM products `

func scanProduct(row interface{ Scan(...any) error }) (Product, error) {
	var p Product
	err := row.Scan(&p.Slug, &p.Name, &p.NameEN, &p.About, &p.AboutEN, &p.Price, &p.Stock)
	return p, notFound(err)
}

// Products lists the shelf in its order.
func (s *Store) Products(ctx context.Context) ([]Product, error) {
	return collect(ctx, s.read, scanProduct, productColumns+`ORDER BY position`)
}

// Product finds one product. The error is ErrNotFound if there is none.
func (s *Store) Product(ctx context.Context, slug string) (Product, error) {
	return scanProduct(s.read.QueryRowContext(ctx, productColumns+`WHERE slug = ?`, slug))
}

// Put adds a product or replaces its text, price and stock. Orders that exist keep their price.
func (s *Store) Put(ctx context.Context, p Product) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO products (slug, position, name_zh, name_en, about_zh, about_en, price, stock)
			VALUES (?1, (SELECT count(*) FROM products), ?2, ?3, ?4, ?5, ?6, ?7)
			ON CONFLICT (slug) DO UPDATE SET name_zh = ?2, name_en = ?3, about_zh = ?4, about_en = ?5, price = ?6, stock = ?7`,
			p.Slug, p.Name, p.NameEN, p.About, p.AboutEN, int64(p.Price), p.Stock)
		if err != nil {
			return fmt.Errorf("shop: put product: %w", err)
		}
		return nil
	})
}

// take moves pieces off the shelf, or fails with ErrSoldOut and changes nothing.
func take(ctx context.Context, tx *sql.Tx, slug string, quantity int64) error {
	res, err := tx.ExecContext(ctx, `UPDATE products SET stock = stock - ?1 WHERE slug = ?2 AND stock >= ?1`, quantity, slug)
	if err != nil {
		return fmt.Errorf("shop: take from shelf: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return ErrSoldOut
}

// putBack returns pieces to the shelf.
func putBack(ctx context.Context, tx *sql.Tx, slug string, quantity int64) error {
	if _, err := tx.ExecContext(ctx, `UPDATE products SET stock = stock + ? WHERE slug = ?`, quantity, slug); err != nil {
		return fmt.Errorf("shop: put back on shelf: %w", err)
	}
	return nil
}

// notFound turns an empty answer into ErrNotFound.
func notFound(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return ErrNotFound
	}
	return fmt.Errorf("shop: query: %w", err)
}
