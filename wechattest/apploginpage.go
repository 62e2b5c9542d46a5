package wechattest

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"image"
	"image/color"
	"image/png"
	"net/http"
)

// loginView is what the login page shows.
type loginView struct {
	App, AppID   string
	Kind         AppKind
	User, Avatar string // "": not known yet
	Scan         bool   // a website's
	Problem      string
}

const loginStyle = `body{margin:0;background:#ededed;font:16px/1.5 system-ui,"PingFang SC","Noto Sans CJK SC",sans-serif;color:#191919}` +
	`main{max-width:420px;margin:0 auto;padding:48px 24px;min-height:100vh;box-sizing:border-box;background:#fff}` +
	`h1{font-size:20px;font-weight:600;margin:0 0 24px}p{margin:0 0 16px}.small{color:#666;font-size:14px}` +
	`.who{display:flex;align-items:center;gap:12px;padding:16px 0;border-top:1px solid #e5e5e5;border-bottom:1px solid #e5e5e5;margin:24px 0}` +
	`.who img{width:48px;height:48px;border-radius:6px}form{display:grid;gap:12px;margin:0}` +
	`button{font:inherit;font-weight:600;min-height:48px;border:0;border-radius:8px;background:#07c160;color:#06301a;cursor:pointer}` +
	`button.no{background:#f2f2f2;color:#191919}input{font:inherit;min-height:48px;padding:0 12px;border:1px solid #999;border-radius:8px}` +
	`:focus-visible{outline:3px solid #0a59f7;outline-offset:2px}.bad{color:#b3261e}`

var loginTemplate = template.Must(template.New("login").Parse(`<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>微信登录</title><style>` + loginStyle + `</style></head><body><main>
{{- if .Problem}}<h1>无法登录</h1><p class="bad" role="alert">{{.Problem}}</p>
{{- else if not .User}}<h1>你是谁？</h1><p class="small">这是模拟的微信。输入一个名字，这个浏览器就是 TA 的手机。<br>This is a simulated WeChat: name the user of this browser.</p>
<form method="post"><label for="name">名字 / name</label><input id="name" name="name" maxlength="20" required autofocus><button>继续</button></form>
{{- else}}<h1>{{if .Scan}}登录{{end}} {{if .App}}{{.App}}{{else}}{{.AppID}}{{end}}{{if not .Scan}} 申请使用{{end}}</h1>
<p>你的昵称、头像</p><div class="who"><img src="{{.Avatar}}" alt=""><span>{{.User}}</span></div>
<form method="post"><button name="act" value="allow">允许</button><button class="no" name="act" value="refuse">拒绝</button></form>
{{- end}}</main></body></html>
`))

// loginPage renders the page; its style is named by its hash.
func loginPage(status int, v loginView) *answer {
	var b bytes.Buffer
	if err := loginTemplate.Execute(&b, v); err != nil {
		return appAnswer(http.StatusInternalServerError, "text/plain", []byte("the page is broken"))
	}
	sum := sha256.Sum256([]byte(loginStyle))
	out := appAnswer(status, "text/html; charset=utf-8", b.Bytes())
	out.header.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'; img-src 'self' https: http:; base-uri 'none'; frame-ancestors 'none'")
	out.header.Set("X-Content-Type-Options", "nosniff")
	out.header.Set("Referrer-Policy", "no-referrer")
	out.header.Set("Cache-Control", "no-store")
	return out
}

// face is a picture for everybody who has not set one: a square pattern.
func (a *App) face(c *appCall) (any, *errcode) {
	const cells, unit = 6, 22
	sum := sha256.Sum256([]byte(c.vars["openid"]))
	ink := color.NRGBA{60 + sum[0]/3, 60 + sum[1]/3, 60 + sum[2]/3, 255}
	img := image.NewPaletted(image.Rect(0, 0, cells*unit, cells*unit), color.Palette{color.NRGBA{236, 240, 238, 255}, ink})
	for y := range cells * unit {
		for x := range cells * unit {
			column := min(x/unit, cells-1-x/unit)
			if sum[3+y/unit]>>column&1 == 1 {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, wrong(-1, "system error")
	}
	return appAnswer(http.StatusOK, "image/png", b.Bytes()), nil
}
