package shop_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/examples/store/internal/shop"
)

func TestAddressesGoWithTheOrdersThatAreOpen(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	ses := customer(t, s)
	_, err := s.Address(t.Context(), ses.Customer)
	require.ErrorIs(t, err, shop.ErrNotFound)
	o, err := s.Place(t.Context(), cart(ses, "tea", 1))
	require.NoError(t, err)
	require.NoError(t, s.SetAddress(t.Context(), ses.Customer, o.No, "first"))
	assert.Equal(t, "first", order(t, s, o.No).Address)
	next, err := s.Place(t.Context(), cart(ses, "tea", 1))
	require.NoError(t, err)
	assert.Equal(t, "first", next.Address)

	require.NoError(t, s.SetAddress(t.Context(), ses.Customer, "", "second"))
	assert.Equal(t, "first", order(t, s, o.No).Address, "an order keeps its own")
	require.NoError(t, s.CloseOrder(t.Context(), o.No))
	require.ErrorIs(t, s.SetAddress(t.Context(), ses.Customer, o.No, "third"), shop.ErrTooLate)
	require.ErrorIs(t, s.SetAddress(t.Context(), customer(t, s).Customer, next.No, "thief"), shop.ErrTooLate)
	saved, err := s.Address(t.Context(), ses.Customer)
	require.NoError(t, err)
	assert.Equal(t, "second", saved, "nothing of a refused change is kept")
	assert.Equal(t, "first", order(t, s, next.No).Address)
}

func TestUntoldIsWhoPaidLatelyAndWasNotTold(t *testing.T) {
	t.Parallel()
	s, c := fresh(t)
	place(t, s, "tea", 1) // unpaid
	o := paid(t, s, "tea", 1)
	due, err := s.Untold(t.Context(), c.Now().Add(-time.Minute))
	require.NoError(t, err)
	require.Len(t, due, 1)
	assert.Equal(t, o.No, due[0].No)
	due, err = s.Untold(t.Context(), c.Now().Add(time.Minute))
	require.NoError(t, err)
	assert.Empty(t, due, "too long ago")
	require.NoError(t, s.Told(t.Context(), o.No))
	due, err = s.Untold(t.Context(), c.Now().Add(-time.Minute))
	require.NoError(t, err)
	assert.Empty(t, due)
	assert.ErrorIs(t, s.Told(t.Context(), "nothing"), shop.ErrNotFound)
}

func TestOrderByIsForItsOwnCustomerOnly(t *testing.T) {
	t.Parallel()
	s, c := fresh(t)
	ses := customer(t, s)
	_, err := s.OrderBy(t.Context(), ses.OpenID, "")
	require.ErrorIs(t, err, shop.ErrNotFound)
	first, err := s.Place(t.Context(), cart(ses, "tea", 1))
	require.NoError(t, err)
	c.Advance(time.Second)
	last, err := s.Place(t.Context(), cart(ses, "tea", 1))
	require.NoError(t, err)
	o, err := s.OrderBy(t.Context(), ses.OpenID, "")
	require.NoError(t, err)
	assert.Equal(t, last.No, o.No)
	o, err = s.OrderBy(t.Context(), ses.OpenID, first.No)
	require.NoError(t, err)
	assert.Equal(t, first.No, o.No)
	_, err = s.OrderBy(t.Context(), customer(t, s).OpenID, first.No)
	assert.ErrorIs(t, err, shop.ErrNotFound)
}

func TestLoginKeepsWhatAGuestHad(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	token, ses, err := s.NewSession(t.Context())
	require.NoError(t, err)
	assert.Empty(t, ses.OpenID)
	o, err := s.Place(t.Context(), cart(ses, "tea", 1))
	require.NoError(t, err)
	token, _, err = s.Promote(t.Context(), token)
	require.NoError(t, err)
	fresh, lin, err := s.Login(t.Context(), token, "oLin")
	require.NoError(t, err)
	assert.True(t, lin.Merchant)
	_, err = s.Session(t.Context(), token)
	require.ErrorIs(t, err, shop.ErrNotFound)
	_, err = s.OrderOf(t.Context(), lin.Customer, o.No)
	require.NoError(t, err)

	require.NoError(t, s.SetNickname(t.Context(), "oLin", "小林"))
	got, err := s.Session(t.Context(), fresh)
	require.NoError(t, err)
	assert.Equal(t, "小林", got.Nickname)
	_, wei, err := s.Login(t.Context(), fresh, "oWei") // the browser changes hands
	require.NoError(t, err)
	assert.False(t, wei.Merchant)
	_, err = s.OrderOf(t.Context(), wei.Customer, o.No)
	require.ErrorIs(t, err, shop.ErrNotFound)
	assert.ErrorIs(t, s.SetNickname(t.Context(), "oNobody", "x"), shop.ErrNotFound)
}
