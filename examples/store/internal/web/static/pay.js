// Asks the shop for the parameters and hands them to WeChat. Whatever WeChat
// tells this page, "ok" included, only makes it look at the shop's books again.
'use strict';
(function () {
  const button = document.getElementById('pay');
  const status = document.getElementById('status');
  const page = document.getElementById('order');
  if (!button || !status || !page) return;

  function say(what) { status.textContent = status.dataset[what]; status.className = 'status ' + what; }

  function whenReady(f) {
    if (typeof WeixinJSBridge === 'undefined') document.addEventListener('WeixinJSBridgeReady', f, {once: true});
    else f();
  }

  function invoke(params) {
    page.dataset.busy = 'yes';
    WeixinJSBridge.invoke('getBrandWCPayRequest', params, function (res) {
      delete page.dataset.busy;
      button.disabled = false;
      if (res.err_msg === 'get_brand_wcpay_request:ok') {
        button.hidden = true;
        say('checking');
      } else if (res.err_msg === 'get_brand_wcpay_request:cancel') {
        say('cancelled');
      } else {
        say('failed');
      }
      document.dispatchEvent(new Event('look-again'));
    });
  }

  button.addEventListener('click', async function () {
    button.disabled = true;
    say('opening');
    try {
      const answer = await fetch(button.dataset.params, {method: 'POST', headers: {'X-CSRF-Token': button.dataset.csrf}});
      if (!answer.ok) throw new Error('refused');
      const params = await answer.json();
      whenReady(function () { invoke(params); });
    } catch (e) {
      button.disabled = false;
      say('failed');
      document.dispatchEvent(new Event('look-again'));
    }
  });
})();
