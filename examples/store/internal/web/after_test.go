package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Adverse input 72: what is the merchant's, strangers neither see nor press.
func TestAdverse72_DeniesStrangersTheTimeAfterTheSale(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	for _, path := range []string{"/merchant/complaints", "/merchant/complaints/2002", "/merchant/complaints/2002/pictures/0"} {
		w := httptest.NewRecorder()
		b.pages.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, origin+path, nil))
		assert.Equal(t, http.StatusSeeOther, w.Code, path)
		assert.Contains(t, w.Header().Get("Location"), "/merchant/login", path)
	}
	for _, path := range []string{"/merchant/orders/1/ship", "/merchant/alarms/1", "/merchant/complaints/2002/reply", "/merchant/complaints/2002/refund", "/merchant/complaints/2002/complete"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, origin+path, strings.NewReader("csrf=x"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		b.pages.ServeHTTP(w, r)
		assert.Equal(t, http.StatusForbidden, w.Code, path)
	}
	w := httptest.NewRecorder()
	b.pages.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, origin+"/test/fulfilled?out_trade_no=1", nil))
	assert.Equal(t, http.StatusNotFound, w.Code, "only the go-live check may count")
}
