package wechattest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Address is one entry of a user's address book.
type Address struct {
	ID                     int // given by AddAddress
	Name, Phone            string
	PostalCode             string
	Province, City, County string
	Street                 string // given to mini programs on its own
	Detail                 string
	NationalCode           string // of the county, six digits
}

func (d Address) check() error {
	if d.Name == "" || d.Phone == "" || d.Province == "" || d.City == "" || d.Detail == "" {
		return errors.New("wechattest: address: want at least Name, Phone, Province, City and Detail")
	}
	return nil
}

// AddAddress puts an address into the user's book; its ID.
func (a *App) AddAddress(u User, d Address) (int, error) {
	if err := d.check(); err != nil {
		return 0, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.meet(u)
	p.lastAddress++
	d.ID = p.lastAddress
	p.book = append(p.book, d)
	return d.ID, nil
}

// ChangeAddress replaces the entry with d's ID.
func (a *App) ChangeAddress(u User, d Address) error {
	if err := d.check(); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.meet(u)
	i := slices.IndexFunc(p.book, func(o Address) bool { return o.ID == d.ID })
	if i < 0 {
		return fmt.Errorf("%w: no address %d", ErrNoSuchThing, d.ID)
	}
	p.book[i] = d
	return nil
}

// DeleteAddress removes an entry.
func (a *App) DeleteAddress(u User, id int) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.meet(u)
	n := len(p.book)
	if p.book = slices.DeleteFunc(p.book, func(o Address) bool { return o.ID == id }); len(p.book) == n {
		return fmt.Errorf("%w: no address %d", ErrNoSuchThing, id)
	}
	return nil
}

// Addresses are the user's address book, oldest first.
func (a *App) Addresses(u User) []Address {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.meet(u).book)
}

// picked is the entry the user taps; a.mu is held.
func (a *App) picked(u User, id int) (Address, error) {
	p := a.meet(u)
	i := slices.IndexFunc(p.book, func(o Address) bool { return o.ID == id })
	if i < 0 {
		return Address{}, fmt.Errorf("%w: no address %d", ErrNoSuchThing, id)
	}
	return p.book[i], nil
}

// OpenAddress is wx.openAddress in a page whose wx.config was cfg: what the page's
// callback gets when the user taps the address with this id; 0 cancels. It fails as
// CheckConfig does, or with ErrNoSuchThing.
func (a *App) OpenAddress(u User, pageURL string, cfg PageConfig, id int) (result []byte, err error) {
	if err := a.allowed(pageURL, cfg, "openAddress"); err != nil {
		return nil, err
	}
	if id == 0 {
		return []byte(`{"errMsg":"openAddress:cancel"}`), nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	d, err := a.picked(u, id)
	if err != nil {
		return nil, err
	}
	return mustJSON(struct {
		Message  string `json:"errMsg"`
		Name     string `json:"userName"`
		Postal   string `json:"postalCode"`
		Province string `json:"provinceName"`
		City     string `json:"cityName"`
		County   string `json:"countryName"` // so it is spelled
		Detail   string `json:"detailInfo"`
		National string `json:"nationalCode"`
		Phone    string `json:"telNumber"`
	}{"openAddress:ok", d.Name, d.PostalCode, d.Province, d.City, d.County, d.Detail, d.NationalCode, d.Phone}), nil
}

// ChooseAddress is wx.chooseAddress in a mini program; see OpenAddress.
func (a *App) ChooseAddress(u User, id int) (result []byte, err error) {
	if a.cfg.Kind != MiniProgram {
		return nil, errors.New("wechattest: chooseAddress is for mini programs")
	}
	if id == 0 {
		return []byte(`{"errMsg":"chooseAddress:fail cancel"}`), nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	d, err := a.picked(u, id)
	if err != nil {
		return nil, err
	}
	return mustJSON(struct {
		Message  string `json:"errMsg"`
		Name     string `json:"userName"`
		Postal   string `json:"postalCode"`
		Province string `json:"provinceName"`
		City     string `json:"cityName"`
		County   string `json:"countyName"`
		Street   string `json:"streetName"`
		Detail   string `json:"detailInfo"`
		Newer    string `json:"detailInfoNew"`
		National string `json:"nationalCode"`
		Phone    string `json:"telNumber"`
	}{"chooseAddress:ok", d.Name, d.PostalCode, d.Province, d.City, d.County, d.Street, d.Street + d.Detail, d.Detail, d.NationalCode, d.Phone}), nil
}

// AddressParams is what a page of 2014 hands to editAddress.
type AddressParams struct {
	AppID     string `json:"appId"`
	Scope     string `json:"scope"`
	SignType  string `json:"signType"`
	AddrSign  string `json:"addrSign"`
	Timestamp string `json:"timeStamp"`
	NonceStr  string `json:"nonceStr"`
}

// EditAddress is WeixinJSBridge.invoke('editAddress', …) of 2014 in the page at
// pageURL: its addrSign has to be made with an access token of this user's login
// that is still good. It fails with ErrBadParams, or as OpenAddress does.
func (a *App) EditAddress(u User, pageURL string, in AddressParams, id int) (result []byte, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if in.AppID != a.AppID || in.Scope != "jsapi_address" || !strings.EqualFold(in.SignType, "sha1") || in.NonceStr == "" || !a.signedAddress(u, pageURL, in) {
		return nil, fmt.Errorf("%w: edit_address:fail_auth_error", ErrBadParams)
	}
	if id == 0 {
		return []byte(`{"err_msg":"edit_address:cancel"}`), nil
	}
	d, err := a.picked(u, id)
	if err != nil {
		return nil, err
	}
	return mustJSON(struct {
		Message  string `json:"err_msg"`
		Name     string `json:"userName"`
		Phone    string `json:"telNumber"`
		Postal   string `json:"addressPostalCode"`
		Province string `json:"proviceFirstStageName"` // so it is spelled
		City     string `json:"addressCitySecondStageName"`
		County   string `json:"addressCountiesThirdStageName"`
		Detail   string `json:"addressDetailInfo"`
		National string `json:"nationalCode"`
	}{"edit_address:ok", d.Name, d.Phone, d.PostalCode, d.Province, d.City, d.County, d.Detail, d.NationalCode}), nil
}

// signedAddress tries the user's tokens; a.mu is held.
func (a *App) signedAddress(u User, pageURL string, in AddressParams) bool {
	page, _, _ := strings.Cut(pageURL, "#")
	id, now := u.OpenID(a.AppID), a.clock.Now()
	for _, t := range a.logins.all {
		if t.openID != id || t.revoked || !now.Before(t.until) {
			continue
		}
		text := "accesstoken=" + t.access + "&appid=" + in.AppID + "&noncestr=" + in.NonceStr + "&timestamp=" + in.Timestamp + "&url=" + page
		if in.AddrSign == hexSHA1(text) {
			return true
		}
	}
	return false
}
