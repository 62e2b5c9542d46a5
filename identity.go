package wechat

// Party says who sells, in the fields an order embeds: appid and mchid for a
// direct merchant, the sp_ and sub_ fields for a partner.
type Party struct {
	AppID    string `json:"appid,omitempty"`
	MchID    string `json:"mchid,omitempty"`
	SpAppID  string `json:"sp_appid,omitempty"`
	SpMchID  string `json:"sp_mchid,omitempty"`
	SubAppID string `json:"sub_appid,omitempty"`
	SubMchID string `json:"sub_mchid,omitempty"`
}

// Party is who sells under appID: the merchant itself, or the partner for its Sub.
func (m *Merchant) Party(appID string) Party {
	if !m.IsPartner() {
		return Party{AppID: appID, MchID: m.ID()}
	}
	return Party{SpAppID: appID, SpMchID: m.ID(), SubAppID: m.Sub().AppID, SubMchID: m.Sub().MchID}
}

// Numbers are the merchant numbers alone, for a query or a body.
type Numbers struct {
	MchID    string `json:"mchid,omitempty" query:"mchid"`
	SpMchID  string `json:"sp_mchid,omitempty" query:"sp_mchid"`
	SubMchID string `json:"sub_mchid,omitempty" query:"sub_mchid"`
}

// Numbers are mchid for a direct merchant, sp_mchid and sub_mchid for a partner.
func (m *Merchant) Numbers() Numbers {
	if !m.IsPartner() {
		return Numbers{MchID: m.ID()}
	}
	return Numbers{SpMchID: m.ID(), SubMchID: m.Sub().MchID}
}

// SubNumber is what endpoints without partner paths add for a partner: refunds,
// bills, sharing.
type SubNumber struct {
	SubMchID string `json:"sub_mchid,omitempty" query:"sub_mchid"`
}

// SubNumber is sub_mchid for a partner and nothing for a direct merchant.
func (m *Merchant) SubNumber() SubNumber { return SubNumber{m.Sub().MchID} }
