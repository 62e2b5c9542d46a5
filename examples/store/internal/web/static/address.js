// Lets the customer pick a shipping address in WeChat and hands it to the shop,
// which checks it and shows it on the page.
'use strict';
(function () {
  const buttons = document.querySelectorAll('[data-address]');
  const status = document.querySelector('[data-address-status]');

  function failed() {
    for (const b of buttons) b.disabled = false;
    if (status) { status.hidden = false; status.textContent = status.dataset.failed; }
  }

  async function keep(button, picked) {
    try {
      const answer = await fetch('/me/address?order=' + encodeURIComponent(button.dataset.address), {method: 'POST',
        headers: {'Content-Type': 'application/json', 'X-CSRF-Token': button.dataset.csrf}, body: JSON.stringify(picked)});
      if (!answer.ok) throw new Error('refused');
      location.replace(location.pathname);
    } catch (e) { failed(); }
  }

  async function open(button) {
    for (const b of buttons) b.disabled = true;
    try {
      const answer = await fetch('/me/sign', {method: 'POST', headers: {'X-CSRF-Token': button.dataset.csrf},
        body: new URLSearchParams({url: location.href.split('#')[0]})});
      if (!answer.ok) throw new Error('refused');
      const page = await answer.json();
      wx.config(page.config);
      wx.error(failed);
      wx.ready(function () {
        wx.openAddress({
          success: function (picked) { keep(button, picked); },
          cancel: function () { for (const b of buttons) b.disabled = false; },
          fail: failed,
        });
      });
    } catch (e) { failed(); }
  }

  for (const b of buttons) b.addEventListener('click', function () { open(b); });
})();
