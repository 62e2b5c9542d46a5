// The plus and minus buttons, and what the pieces cost together. For the eye
// only: the shop works out the price itself.
'use strict';
(function () {
  const quantity = document.getElementById('quantity');
  const total = document.querySelector('[data-total]');
  const unit = document.querySelector('[data-unit]');
  if (!quantity || !total || !unit) return;

  function show() {
    const n = Number(quantity.value);
    total.hidden = !(n > 1);
    const fen = String(Number(unit.dataset.unit) * n).padStart(3, '0');
    total.textContent = '¥' + fen.slice(0, -2) + '.' + fen.slice(-2);
  }

  for (const b of document.querySelectorAll('[data-step]')) {
    b.addEventListener('click', function () {
      const n = Number(quantity.value) + Number(b.dataset.step);
      quantity.value = Math.min(Math.max(n, Number(quantity.min)), Number(quantity.max));
      show();
    });
  }
  quantity.addEventListener('input', show);
  show();
})();
