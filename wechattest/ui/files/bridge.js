// WeixinJSBridge as WeChat puts it into pages, for pages that are not in WeChat.
// It opens the pay sheet in a frame of the simulator's origin and listens to
// nobody else.
'use strict';
(function () {
  const wechat = new URL(document.currentScript.src).origin;
  const keys = ['appId', 'timeStamp', 'nonceStr', 'package', 'signType', 'paySign'];
  let frame = null;

  function invoke(name, params, callback) {
    const answer = function (result) { if (callback) callback({err_msg: 'get_brand_wcpay_request:' + result}); };
    if (name !== 'getBrandWCPayRequest') {
      if (callback) callback({err_msg: 'system:function_not_exist'});
      return;
    }
    if (frame) { answer('fail'); return; }

    const query = new URLSearchParams({origin: location.origin});
    for (const key of keys) query.set(key, params[key] === undefined ? '' : params[key]);
    const before = document.activeElement;
    frame = document.createElement('iframe');
    frame.title = '微信支付 WeChat Pay';
    frame.src = wechat + '/ui/sheet?' + query;
    Object.assign(frame.style, {position: 'fixed', inset: '0', width: '100%', height: '100%', border: '0', zIndex: '2147483647', background: 'transparent', colorScheme: 'light'});

    window.addEventListener('message', function heard(event) {
      if (event.origin !== wechat || !frame || event.source !== frame.contentWindow) return;
      const said = event.data;
      if (!said || said.type !== 'pay-sheet' || !['ok', 'cancel', 'fail'].includes(said.result)) return;
      window.removeEventListener('message', heard);
      frame.remove();
      frame = null;
      if (before && before.focus) before.focus();
      answer(said.result);
    });
    document.body.appendChild(frame);
    frame.focus();
  }

  window.WeixinJSBridge = {invoke: invoke, call: function () {}, on: function () {}};
  document.dispatchEvent(new Event('WeixinJSBridgeReady'));
})();
