// wx as WeChat's script makes it, for pages that are not in WeChat: wx.config and
// wx.openAddress. The sheet is a frame of the simulator's origin, which checks the
// signature before it shows anything; nobody else is listened to.
'use strict';
(function () {
  const wechat = new URL(document.currentScript.src).origin;
  const whenReady = [], whenWrong = [];
  let config = null, frame = null;

  function answer(call, result) {
    const message = result.errMsg || '';
    if (message.endsWith(':ok')) { if (call.success) call.success(result); }
    else if (message.endsWith(':cancel')) { if (call.cancel) call.cancel(result); }
    else {
      if (call.fail) call.fail(result);
      if (message.includes('permission')) for (const f of whenWrong) f({errMsg: 'config:fail'});
    }
    if (call.complete) call.complete(result);
  }

  function openAddress(call) {
    if (!config || frame) { answer(call, {errMsg: 'openAddress:fail'}); return; }
    const query = new URLSearchParams({page: location.href.split('#')[0], appId: config.appId, timestamp: config.timestamp,
      nonceStr: config.nonceStr, signature: config.signature, apis: (config.jsApiList || []).join(',')});
    const before = document.activeElement;
    frame = document.createElement('iframe');
    frame.title = '收货地址 Shipping address';
    frame.src = wechat + '/ui/address?' + query;
    Object.assign(frame.style, {position: 'fixed', inset: '0', width: '100%', height: '100%', border: '0', zIndex: '2147483647', background: 'transparent', colorScheme: 'light'});
    window.addEventListener('message', function heard(event) {
      if (event.origin !== wechat || !frame || event.source !== frame.contentWindow) return;
      if (!event.data || event.data.type !== 'address-sheet') return;
      window.removeEventListener('message', heard);
      frame.remove();
      frame = null;
      if (before && before.focus) before.focus();
      answer(call, event.data.result);
    });
    document.body.appendChild(frame);
    frame.focus();
  }

  window.wx = {
    config: function (c) { config = c; setTimeout(function () { for (const f of whenReady.splice(0)) f(); }, 0); },
    ready: function (f) { if (config) setTimeout(f, 0); else whenReady.push(f); },
    error: function (f) { whenWrong.push(f); },
    checkJsApi: function (call) { if (call.success) call.success({errMsg: 'checkJsApi:ok', checkResult: {openAddress: true}}); },
    openAddress: openAddress,
  };
})();
