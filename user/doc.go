// Package user knows the followers of an official account: who they are, in which
// groups (tags) the shop keeps them, what the shop calls them, and who is blocked.
//
//	users := user.New(app)
//	for openID, err := range users.Followers(ctx) {
//		if err != nil {
//			return err
//		}
//		ids = append(ids, openID)
//	}
//	vip, err := users.CreateTag(ctx, "VIP")
//	if err != nil {
//		return err
//	}
//	err = users.Tag(ctx, vip.ID, ids[:min(50, len(ids))]...)
package user
