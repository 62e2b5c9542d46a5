// Package media keeps the files of an official account at WeChat: temporary ones,
// which messages carry and which last three days, and permanent material.
//
//	files := media.New(app)
//	picture, err := os.Open("tea.jpg")
//	if err != nil {
//		return err
//	}
//	defer picture.Close()
//	up, err := files.Upload(ctx, media.Image, wechat.File{Name: "tea.jpg", Data: picture})
//	if err != nil {
//		return err
//	}
//	send(up.MediaID) // until up.Expires()
//
// Files are streamed both ways and never held in memory whole. What is too large is
// refused before anything is sent.
package media
