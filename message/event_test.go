package message_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/message"
	"github.com/wxcommerce/wechat/notify"
)

// received is what a function registered for k gets from a push.
func received[T any](t *testing.T, k notify.Kind[T], body string) notify.Event[T] {
	t.Helper()
	var got notify.Event[T]
	h := handler(t)
	calls := 0
	notify.On(h, k, func(_ context.Context, e notify.Event[T]) error { got, calls = e, calls+1; return nil })
	status, reply := push(t.Context(), h, body)
	require.Equal(t, 200, status)
	require.Equal(t, "success", reply)
	require.Equal(t, 1, calls, "another kind")
	return got
}

// both checks that an XML and a JSON push are understood as want, and that they
// have this key.
func both[T any](t *testing.T, k notify.Kind[T], inXML, inJSON, key string, want T) {
	t.Helper()
	inXML = "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o1]]></FromUserName><CreateTime>1704100000</CreateTime>" +
		inXML + "<Unknown><Deep><![CDATA[x]]></Deep></Unknown></xml>"
	inJSON = `{"ToUserName":"gh_1","FromUserName":"o1","CreateTime":"1704100000",` + inJSON + `,"Unknown":{"Deep":[null]}}`
	for _, body := range []string{inXML, inJSON} {
		e := received(t, k, body)
		assert.Equal(t, want, e.Data, body)
		assert.Equal(t, "wx0000000000000001/"+e.Type+"/"+key, e.Key)
		assert.Equal(t, body, string(e.Plain))
		assert.Equal(t, at.Unix(), e.Created.Unix())
	}
}

var (
	at   = message.Unix{Time: time.Unix(1704100000, 0)}
	head = message.Head{To: "gh_1", From: "o1", At: at}
	said = message.Said{Head: head, ID: 9007199254740993}
)

const (
	saidXML  = "<MsgId>9007199254740993</MsgId>"
	saidJSON = `,"MsgId":9007199254740993`
	saidKey  = "9007199254740993"
	eventKey = "o1/1704100000"
)

func TestWhatUsersSay(t *testing.T) {
	t.Parallel()
	from := said
	from.DataID, from.Index, from.Business = "d1", 2, "b1"
	both(t, message.SaidText, `<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[茶 & <tea>]]></Content><bizmsgmenuid>101</bizmsgmenuid>
		<MsgDataId>d1</MsgDataId><Idx>2</Idx><BusinessId>b1</BusinessId>`+saidXML,
		`"MsgType":"text","Content":"茶 & <tea>","bizmsgmenuid":"101","MsgDataId":"d1","Idx":2,"BusinessId":"b1"`+saidJSON, saidKey,
		message.Words{Said: from, Content: "茶 & <tea>", MenuID: "101"})
	both(t, message.SaidImage, `<MsgType>image</MsgType><PicUrl><![CDATA[http://p/1]]></PicUrl><MediaId>m1</MediaId>`+saidXML,
		`"MsgType":"IMAGE","PicUrl":"http://p/1","MediaId":"m1"`+saidJSON, saidKey, message.Picture{Said: said, URL: "http://p/1", MediaID: "m1"})
	both(t, message.SaidVoice, `<MsgType>voice</MsgType><MediaId>m1</MediaId><Format>amr</Format><MediaId16K>m2</MediaId16K><Recognition>茶</Recognition>`+saidXML,
		`"MsgType":"voice","MediaId":"m1","Format":"amr","MediaId16K":"m2","Recognition":"茶"`+saidJSON, saidKey,
		message.Recording{Said: said, MediaID: "m1", Format: "amr", MediaID16K: "m2", Text: "茶"})
	both(t, message.SaidVideo, `<MsgType>video</MsgType><MediaId>m1</MediaId><ThumbMediaId>t1</ThumbMediaId>`+saidXML,
		`"MsgType":"shortvideo","MediaId":"m1","ThumbMediaId":"t1"`+saidJSON, saidKey, message.Film{Said: said, MediaID: "m1", ThumbMediaID: "t1"})
	both(t, message.SaidLocation, `<MsgType>location</MsgType><Location_X>23.134521</Location_X><Location_Y>113.358803</Location_Y><Scale>20</Scale><Label><![CDATA[广州]]></Label>`+saidXML,
		`"MsgType":"location","Location_X":23.134521,"Location_Y":"113.358803","Scale":20,"Label":"广州"`+saidJSON, saidKey,
		message.Place{Said: said, Latitude: "23.134521", Longitude: "113.358803", Scale: "20", Label: "广州"})
	both(t, message.SaidLink, `<MsgType>link</MsgType><Title>t</Title><Description>d</Description><Url>https://e.example/?a=1&amp;b=2</Url>`+saidXML,
		`"MsgType":"link","Title":"t","Description":"d","Url":"https://e.example/?a=1&b=2"`+saidJSON, saidKey,
		message.Hyperlink{Said: said, Title: "t", Description: "d", URL: "https://e.example/?a=1&b=2"})
	both(t, message.SaidPage, `<MsgType>miniprogrampage</MsgType><Title>t</Title><AppId>wx1</AppId><PagePath>pages/order?id=1</PagePath><ThumbUrl>u</ThumbUrl><ThumbMediaId>m</ThumbMediaId>`+saidXML,
		`"MsgType":"miniprogrampage","Title":"t","AppId":"wx1","PagePath":"pages/order?id=1","ThumbUrl":"u","ThumbMediaId":"m"`+saidJSON, saidKey,
		message.PageCard{Said: said, Title: "t", AppID: "wx1", Path: "pages/order?id=1", ThumbURL: "u", ThumbMediaID: "m"})
}

func TestWhatHappensToAnAccount(t *testing.T) {
	t.Parallel()
	const event, jsonEvent = `<MsgType>event</MsgType><Event>`, `"MsgType":"event","Event":"`
	both(t, message.Subscribed, event+`subscribe</Event><EventKey>qrscene_10086</EventKey><Ticket>T</Ticket>`,
		jsonEvent+`subscribe","EventKey":"qrscene_10086","Ticket":"T"`, eventKey+"/qrscene_10086", message.Follow{Head: head, EventKey: "qrscene_10086", Ticket: "T"})
	assert.Equal(t, "10086", message.Follow{EventKey: "qrscene_10086"}.Scene())
	assert.Empty(t, message.Follow{}.Scene())
	both(t, message.Unsubscribed, event+`unsubscribe</Event><EventKey></EventKey>`, jsonEvent+`unsubscribe"`, eventKey, message.Follow{Head: head})
	both(t, message.Scanned, event+`SCAN</Event><EventKey>10086</EventKey><Ticket>T</Ticket>`, jsonEvent+`scan","EventKey":10086,"Ticket":"T"`,
		eventKey+"/10086", message.Scan{Head: head, Scene: "10086", Ticket: "T"})
	both(t, message.Located, event+`LOCATION</Event><Latitude>23.1</Latitude><Longitude>113.3</Longitude><Precision>119.0</Precision>`,
		jsonEvent+`LOCATION","Latitude":"23.1","Longitude":"113.3","Precision":119.0`, eventKey,
		message.Position{Head: head, Latitude: "23.1", Longitude: "113.3", Precision: "119.0"})
	both(t, message.ServiceEntered, event+`user_enter_tempsession</Event><SessionFrom>order=1</SessionFrom>`,
		jsonEvent+`user_enter_tempsession","SessionFrom":"order=1"`, eventKey, message.Entry{Head: head, SessionFrom: "order=1"})
	both(t, message.SessionBegan, event+`kf_create_session</Event><KfAccount>kf1@s</KfAccount>`, jsonEvent+`kf_create_session","KfAccount":"kf1@s"`,
		eventKey, message.Session{Head: head, Agent: "kf1@s"})
	both(t, message.SessionEnded, event+`kf_close_session</Event><KfAccount>kf1@s</KfAccount>`, jsonEvent+`kf_close_session","KfAccount":"kf1@s"`,
		eventKey, message.Session{Head: head, Agent: "kf1@s"})
	both(t, message.SessionSwitched, event+`kf_switch_session</Event><FromKfAccount>a@s</FromKfAccount><ToKfAccount>b@s</ToKfAccount>`,
		jsonEvent+`kf_switch_session","FromKfAccount":"a@s","ToKfAccount":"b@s"`, eventKey, message.Session{Head: head, FromAgent: "a@s", ToAgent: "b@s"})
	both(t, message.Revoked, event+`user_authorization_revoke</Event><OpenID>o1</OpenID><AppID>wx1</AppID><RevokeInfo>301</RevokeInfo><PluginID>p</PluginID><OpenPID>q</OpenPID>`,
		jsonEvent+`user_authorization_revoke","OpenID":"o1","AppID":"wx1","RevokeInfo":301,"PluginID":"p","OpenPID":"q"`, eventKey,
		message.Revocation{Head: head, OpenID: "o1", AppID: "wx1", Info: "301", PluginID: "p", OpenPID: "q"})
	both(t, message.CertificationChanged, event+`qualification_verify_success</Event><ExpiredTime>1704100000</ExpiredTime>`,
		jsonEvent+`annual_renew","ExpiredTime":1704100000`, eventKey, message.Certificate{Head: head, Expires: at})
	for _, failed := range []string{"qualification_verify_fail", "naming_verify_fail"} {
		both(t, message.CertificationChanged, event+failed+`</Event><FailTime>1704100000</FailTime><FailReason><![CDATA[by time]]></FailReason>`,
			jsonEvent+failed+`","FailTime":1704100000,"FailReason":"by time"`, eventKey, message.Certificate{Head: head, Failed: at, Reason: "by time"})
	}
	both(t, message.CertificationChanged, event+`naming_verify_success</Event><ExpiredTime>0</ExpiredTime>`, jsonEvent+`verify_expired","ExpiredTime":""`,
		eventKey, message.Certificate{Head: head})
}

func TestReportsOnWhatWasSent(t *testing.T) {
	t.Parallel()
	const event, jsonEvent = `<MsgType>event</MsgType><Event>`, `"MsgType":"event","Event":"`
	both(t, message.TemplateFinished, event+`TEMPLATESENDJOBFINISH</Event><MsgID>200163836</MsgID><Status><![CDATA[failed: system failed]]></Status>`,
		jsonEvent+`TEMPLATESENDJOBFINISH","MsgID":"200163836","Status":"failed: system failed"`, "200163836",
		message.TemplateResult{Head: head, ID: 200163836, Status: "failed: system failed"})
	for status, reason := range map[string]string{"success": "", "failed:user block": "user block", "failed: system failed": "system failed", "new": "new"} {
		r := message.TemplateResult{Status: status}
		assert.Equal(t, status == "success", r.Delivered())
		assert.Equal(t, reason, r.Reason())
	}

	var mass message.MassResult
	mass.Head, mass.ID, mass.Status = head, 1000001625, "err(30003)"
	mass.Total, mass.Filtered, mass.Sent, mass.Failed = 100, 80, 75, 5
	mass.Copyright = message.Copyright{Count: 2, State: 2, List: []message.CopyrightResult{
		{Index: 1, Audited: 2, OriginalURL: "Url_1", OriginalType: 1, CanReprint: 1, NeedReplace: 1, NeedReprintSource: 1}, {Index: 2, Declared: 1}}}
	mass.Articles.Count, mass.Articles.List = 1, []message.ArticleURL{{Index: 1, URL: "Url"}}
	both(t, message.MassFinished, event+`MASSSENDJOBFINISH</Event><MsgID>1000001625</MsgID><Status><![CDATA[err(30003)]]></Status>
		<TotalCount>100</TotalCount><FilterCount>80</FilterCount><SentCount>75</SentCount><ErrorCount>5</ErrorCount>
		<CopyrightCheckResult><Count>2</Count><ResultList>
			<item><ArticleIdx>1</ArticleIdx><UserDeclareState>0</UserDeclareState><AuditState>2</AuditState><OriginalArticleUrl><![CDATA[Url_1]]></OriginalArticleUrl>
			<OriginalArticleType>1</OriginalArticleType><CanReprint>1</CanReprint><NeedReplaceContent>1</NeedReplaceContent><NeedShowReprintSource>1</NeedShowReprintSource></item>
			<item><ArticleIdx>2</ArticleIdx><UserDeclareState>1</UserDeclareState></item></ResultList><CheckState>2</CheckState></CopyrightCheckResult>
		<ArticleUrlResult><ResultList><item><ArticleIdx>1</ArticleIdx><ArticleUrl>Url</ArticleUrl></item></ResultList><Count>1</Count></ArticleUrlResult>`,
		jsonEvent+`MASSSENDJOBFINISH","MsgID":1000001625,"Status":"err(30003)","TotalCount":100,"FilterCount":"80","SentCount":75,"ErrorCount":5,
		"CopyrightCheckResult":{"Count":2,"CheckState":2,"ResultList":[{"ArticleIdx":1,"AuditState":2,"OriginalArticleUrl":"Url_1","OriginalArticleType":1,
		"CanReprint":1,"NeedReplaceContent":1,"NeedShowReprintSource":1},{"ArticleIdx":2,"UserDeclareState":1}]},
		"ArticleUrlResult":{"Count":1,"ResultList":{"item":{"ArticleIdx":1,"ArticleUrl":"Url"}}}`, "1000001625", mass)
	for status, want := range map[string]message.MassError{"send success": 0, "err(10001)": message.MassAdvertising, "err(40002)": message.MassAdminTookLong,
		"send fail": -1, "err(x)": -1, "err(0)": -1, "new": -1, "err(77777)": 77777} {
		assert.Equal(t, want, message.MassResult{Status: status}.Err(), status)
		assert.Equal(t, want == 0, message.MassResult{Status: status}.Delivered())
	}

	var published message.PublishResult
	published.Head, published.Info.ID, published.Info.ArticleID, published.Info.Articles.Count = head, "2247503051", "a1", 1
	published.Info.Articles.List = append(published.Info.Articles.List, struct {
		Index int    `json:"idx"`
		URL   string `json:"article_url"`
	}{1, "u1"})
	both(t, message.Published, event+`PUBLISHJOBFINISH</Event><PublishEventInfo><publish_id>2247503051</publish_id><publish_status>0</publish_status>
		<article_id>a1</article_id><article_detail><count>1</count><item><idx>1</idx><article_url>u1</article_url></item></article_detail></PublishEventInfo>`,
		jsonEvent+`PUBLISHJOBFINISH","PublishEventInfo":{"publish_id":2247503051,"publish_status":0,"article_id":"a1",
		"article_detail":{"count":1,"item":[{"idx":1,"article_url":"u1"}]}}`, "2247503051", published)
	var failed message.PublishResult
	failed.Head, failed.Info.ID, failed.Info.Status, failed.Info.Failed = head, "7", 2, []int{1, 2}
	both(t, message.Published, event+`PUBLISHJOBFINISH</Event><PublishEventInfo><publish_id>7</publish_id><publish_status>2</publish_status><fail_idx>1</fail_idx><fail_idx>2</fail_idx></PublishEventInfo>`,
		jsonEvent+`PUBLISHJOBFINISH","PublishEventInfo":{"publish_id":"7","publish_status":2,"fail_idx":[1,2]}`, "7", failed)
}

func TestDecisionsAboutSubscriptionMessages(t *testing.T) {
	t.Parallel()
	const event = `<MsgType>event</MsgType><Event>`
	yes, no := message.Consent{TemplateID: "T1", Status: "accept", Scene: "2"}, message.Consent{TemplateID: "T2", Status: "reject", Scene: "2"}
	const first, second = `<List><TemplateId>T1</TemplateId><SubscribeStatusString>accept</SubscribeStatusString><PopupScene>2</PopupScene></List>`,
		`<List><TemplateId>T2</TemplateId><SubscribeStatusString>reject</SubscribeStatusString><PopupScene>2</PopupScene></List>`
	const one, two = `{"TemplateId":"T1","SubscribeStatusString":"accept","PopupScene":"2"}`, `{"TemplateId":"T2","SubscribeStatusString":"reject","PopupScene":2}`
	const asked = `,"MsgType":"event","Event":"subscribe_msg_popup_event","FromUserName":"o1","CreateTime":1}`
	for body, want := range map[string][]message.Consent{
		xmlOf("MsgType=event", "Event=subscribe_msg_popup_event") + "": nil,
		`<xml><FromUserName>o1</FromUserName><CreateTime>1</CreateTime>` + event + `subscribe_msg_popup_event</Event><SubscribeMsgPopupEvent>` + first + second + `</SubscribeMsgPopupEvent></xml>`: {yes, no},
		`<xml><FromUserName>o1</FromUserName><CreateTime>1</CreateTime>` + event + `subscribe_msg_popup_event</Event><SubscribeMsgPopupEvent>` + first + `</SubscribeMsgPopupEvent></xml>`:          {yes},
		`{"List":` + one + asked:                                               {yes},
		`{"List":[` + one + `,` + two + `]` + asked:                            {yes, no},
		`{"SubscribeMsgPopupEvent":{"List":[` + one + `,` + two + `]}` + asked: {yes, no},
		`{"SubscribeMsgPopupEvent":{"List":` + one + `}` + asked:               {yes},
	} {
		got := received(t, message.ConsentAsked, body).Data.All()
		assert.Equal(t, want, got, body)
		for _, c := range got {
			assert.Equal(t, c.TemplateID == "T1", c.Accepted())
		}
	}
	changed := received(t, message.ConsentChanged, `{"SubscribeMsgChangeEvent":{"List":`+two+`},"MsgType":"event","Event":"subscribe_msg_change_event","FromUserName":"o1","CreateTime":1}`)
	assert.Equal(t, []message.Consent{no}, changed.Data.All())

	want := []message.Receipt{{TemplateID: "T1", ID: "1700827132819554304", Code: 0, Status: "success"}}
	for _, body := range []string{
		`<xml><FromUserName>o1</FromUserName><CreateTime>1</CreateTime>` + event + `subscribe_msg_sent_event</Event><SubscribeMsgSentEvent><List><TemplateId>T1</TemplateId>
			<MsgID>1700827132819554304</MsgID><ErrorCode>0</ErrorCode><ErrorStatus>success</ErrorStatus></List></SubscribeMsgSentEvent></xml>`,
		`{"MsgType":"event","Event":"subscribe_msg_sent_event","FromUserName":"o1","CreateTime":1,"SubscribeMsgSentEvent":{"List":{"TemplateId":"T1","MsgID":"1700827132819554304","ErrorCode":"0","ErrorStatus":"success"}}}`,
		`{"MsgType":"event","Event":"subscribe_msg_sent_event","FromUserName":"o1","CreateTime":1,"List":[{"TemplateId":"T1","MsgID":1700827132819554304,"ErrorCode":0,"ErrorStatus":"success"}]}`,
	} {
		assert.Equal(t, want, received(t, message.SubscriptionFinished, body).Data.All(), body)
	}
}

func TestBrokenPushesAreNotHandedOver(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"no number":      xmlOf("MsgType=text", "MsgId=x"),
		"no time":        `{"MsgType":"text","MsgId":1,"CreateTime":"yesterday"}`,
		"negative time":  `{"MsgType":"text","MsgId":1,"CreateTime":-5}`,
		"text for event": `{"MsgType":"text","MsgId":{"a":1}}`,
	} {
		h := handler(t)
		notify.On(h, message.SaidText, func(context.Context, notify.Event[message.Words]) error {
			assert.Fail(t, "called", name)
			return nil
		})
		status, _ := push(t.Context(), h, body)
		assert.Equal(t, 500, status, name)
	}
	h := handler(t)
	notify.On(h, message.MassFinished, func(context.Context, notify.Event[message.MassResult]) error { return nil })
	status, _ := push(t.Context(), h, xmlOf("MsgType=event", "Event=MASSSENDJOBFINISH"))
	assert.Equal(t, 500, status, "no id, no key")
}
