package rooms

// Endpoint is one line of the list of endpoints that the library calls.
type Endpoint struct {
	Method string // GET, POST, PUT, PATCH or DELETE
	Path   string // the template as it stands in the source
	Dir    string // the package that calls it, "." for the root
	Title  string // the official title, in Chinese
	Uses   int    // how many places name it; 0 means 1
}

// Endpoints is the list, sorted by path, then by method. A test compares it with
// the source in both directions: whoever adds a call adds a line, and the
// comment of the exported method that makes the call carries the same title.
// Titles are copied from the official documents, never made up.
var Endpoints = []Endpoint{
	{"GET", "/v3/certificates", ".", "获取平台证书列表", 2},
	{"POST", "/v3/security/echo", ".", "商户签名验签／加解密测试", 0},
}
