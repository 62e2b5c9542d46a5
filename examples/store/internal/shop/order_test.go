package shop_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
)

func TestPlaceTakesPriceAndStockFromTheShop(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	before := stock(t, s, "teapot")
	o := place(t, s, "teapot", 3)
	assert.Equal(t, wechat.Fen(3*26800), o.Total)
	assert.Equal(t, wechat.Fen(26800), o.UnitPrice())
	assert.Equal(t, shop.Pending, o.State)
	assert.Equal(t, before-3, stock(t, s, "teapot"))
	assert.Regexp(t, `^[0-9A-Za-z_\-|*]{6,32}$`, o.No)
	assert.Zero(t, o.Refundable())
}

func TestPlaceRefuses(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	ses := customer(t, s)
	tests := []struct {
		name string
		edit func(*shop.Cart)
		want error
	}{
		{"no pieces", func(c *shop.Cart) { c.Quantity = 0 }, shop.ErrQuantity},
		{"negative pieces", func(c *shop.Cart) { c.Quantity = -1 }, shop.ErrQuantity},
		{"too many pieces", func(c *shop.Cart) { c.Quantity = shop.MaxQuantity + 1 }, shop.ErrQuantity},
		{"unknown product", func(c *shop.Cart) { c.Product = "gold" }, shop.ErrNotFound},
		{"more than there is", func(c *shop.Cart) { c.Product, c.Quantity = "honey", 4 }, shop.ErrSoldOut},
		{"unknown channel", func(c *shop.Cart) { c.Channel = "CASH" }, shop.ErrChannel},
		{"long nickname", func(c *shop.Cart) { c.Nickname = strings.Repeat("名", 33) }, shop.ErrText},
		{"control characters", func(c *shop.Cart) { c.Note = "a\nb" }, shop.ErrText},
		{"four byte characters", func(c *shop.Cart) { c.Note = "🎁" }, shop.ErrText},
		{"broken text", func(c *shop.Cart) { c.Note = "\xff" }, shop.ErrText},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := cart(ses, "teapot", 1)
			tt.edit(&c)
			_, err := s.Place(t.Context(), c)
			assert.ErrorIs(t, err, tt.want)
		})
	}
	c := cart(ses, "teapot", 1)
	c.FormToken = ""
	_, err := s.Place(t.Context(), c)
	assert.Error(t, err)
	assert.Equal(t, int64(40), stock(t, s, "teapot"), "a refused order must not take stock")
	assert.Equal(t, int64(3), stock(t, s, "honey"))
}

func TestParseQuantityRefusesWhatIsNoCount(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "0", "-1", "+1", "1.5", "1e1", "0x1", "21", "99999999999999999999", " 1", "１"} {
		_, err := shop.ParseQuantity(bad)
		assert.ErrorIs(t, err, shop.ErrQuantity, bad)
	}
	n, err := shop.ParseQuantity("20")
	require.NoError(t, err)
	assert.Equal(t, int64(20), n)
}

func TestDoubleClickIsOneOrder(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	c := cart(customer(t, s), "teapot", 1)
	numbers := make([]string, 16)
	var group sync.WaitGroup
	for i := range numbers {
		group.Go(func() {
			o, err := s.Place(t.Context(), c)
			assert.NoError(t, err)
			numbers[i] = o.No
		})
	}
	group.Wait()
	for _, no := range numbers {
		assert.Equal(t, numbers[0], no)
	}
	assert.Equal(t, int64(39), stock(t, s, "teapot"))
}

func TestOversellFiftyBuyersOfOneItem(t *testing.T) {
	t.Parallel()
	c := newClock()
	path := t.TempDir() + "/shop.db"
	stores := []*shop.Store{open(t, path, c), open(t, path, c)} // two instances, one file
	require.NoError(t, stores[0].Put(t.Context(), shop.Product{Slug: "last", Name: "孤品", NameEN: "The last one", Price: 100, Stock: 1}))
	buyers := make([]shop.Session, 50)
	for i := range buyers {
		buyers[i] = customer(t, stores[0])
	}
	var sold, refused atomic.Int64
	var group sync.WaitGroup
	for i, b := range buyers {
		group.Go(func() {
			_, err := stores[i%2].Place(t.Context(), cart(b, "last", 1))
			if err == nil {
				sold.Add(1)
			} else if assert.ErrorIs(t, err, shop.ErrSoldOut) {
				refused.Add(1)
			}
		})
	}
	group.Wait()
	assert.Equal(t, int64(1), sold.Load())
	assert.Equal(t, int64(49), refused.Load())
	assert.Zero(t, stock(t, stores[0], "last"))
}

func TestOtherPeoplesOrdersAreNotFound(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	o := place(t, s, "tea", 1)
	mine, err := s.OrderOf(t.Context(), o.Customer, o.No)
	require.NoError(t, err)
	assert.Equal(t, o.No, mine.No)
	_, err = s.OrderOf(t.Context(), customer(t, s).Customer, o.No)
	assert.ErrorIs(t, err, shop.ErrNotFound)
	list, err := s.Orders(t.Context(), o.Customer, 10)
	require.NoError(t, err)
	assert.Len(t, list, 1)
	all, err := s.Orders(t.Context(), 0, 10)
	require.NoError(t, err)
	assert.Len(t, all, 1)
}

func TestCloseReturnsStockOnceAndNeverClosesAPaidOrder(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	o := place(t, s, "honey", 2)
	require.NoError(t, s.Prepaid(t.Context(), o.No, "wx1", ""))
	require.NoError(t, s.CloseOrder(t.Context(), o.No))
	require.NoError(t, s.CloseOrder(t.Context(), o.No))
	assert.Equal(t, int64(3), stock(t, s, "honey"))
	assert.Equal(t, shop.Closed, order(t, s, o.No).State)

	p := paid(t, s, "honey", 1)
	require.NoError(t, s.CloseOrder(t.Context(), p.No))
	assert.Equal(t, shop.Paid, order(t, s, p.No).State)
	assert.ErrorIs(t, s.CloseOrder(t.Context(), "nothing"), shop.ErrNotFound)
}

func TestCatalogueHasPicturesWorthOfProducts(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	all, err := s.Products(t.Context())
	require.NoError(t, err)
	assert.GreaterOrEqual(t, len(all), 8)
	require.NoError(t, s.Put(t.Context(), shop.Product{Slug: "tea", Name: "新茶", NameEN: "New Tea", Price: 5, Stock: 1}))
	p, err := s.Product(t.Context(), "tea")
	require.NoError(t, err)
	assert.Equal(t, wechat.Fen(5), p.Price)
}

func TestSessionsAreHandedOutHereOnly(t *testing.T) {
	t.Parallel()
	s, c := fresh(t)
	token, ses, err := s.NewSession(t.Context())
	require.NoError(t, err)
	got, err := s.Session(t.Context(), token)
	require.NoError(t, err)
	assert.Equal(t, ses, got)

	_, err = s.Session(t.Context(), "planted")
	assert.ErrorIs(t, err, shop.ErrNotFound)
	_, _, err = s.Promote(t.Context(), "planted")
	assert.ErrorIs(t, err, shop.ErrNotFound)

	risen, merchant, err := s.Promote(t.Context(), token)
	require.NoError(t, err)
	assert.True(t, merchant.Merchant)
	assert.NotEqual(t, ses.CSRF, merchant.CSRF)
	_, err = s.Session(t.Context(), token)
	assert.ErrorIs(t, err, shop.ErrNotFound, "the token from before the login is dead")
	require.NoError(t, s.EndSession(t.Context(), risen))
	_, err = s.Session(t.Context(), risen)
	assert.ErrorIs(t, err, shop.ErrNotFound)

	token, _, err = s.NewSession(t.Context())
	require.NoError(t, err)
	c.Advance(shop.SessionLife + 1)
	_, err = s.Session(t.Context(), token)
	assert.ErrorIs(t, err, shop.ErrNotFound, "too old")
}
