// Tells the shop's page, and only that one, how the customer decided.
'use strict';
(function () {
  const body = document.body;
  const origin = body.dataset.origin;
  let told = false;

  function tell(result) {
    if (told || !origin || window.parent === window) return;
    told = true;
    window.parent.postMessage({type: 'pay-sheet', result: result}, origin);
  }

  for (const b of document.querySelectorAll('[data-tell]')) {
    b.addEventListener('click', function () { tell(b.dataset.tell); });
  }
  const main = document.querySelector('.main');
  if (main) main.focus();
  if (body.dataset.result === 'cancel') tell('cancel');
  if (body.dataset.result === 'ok') setTimeout(tell, 1800, 'ok');

  // Escape means cancel, as long as nothing is decided.
  document.addEventListener('keydown', function (event) {
    if (event.key !== 'Escape') return;
    const cancel = document.querySelector('button[name=act][value=cancel]');
    if (cancel) cancel.click(); else if (body.dataset.result) tell(body.dataset.result);
  });
})();
