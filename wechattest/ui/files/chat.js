// Shows what the account says as it comes, and makes the links in its texts work.
'use strict';
(function () {
  const log = document.getElementById('log');
  let shown = '';

  // A text of an account may hold links, and no other element.
  function links(root) {
    for (const bubble of root.querySelectorAll('[data-words]')) {
      const text = bubble.textContent;
      const parts = text.split(/<a\s+href="(https?:\/\/[^"]+)"[^>]*>([^<]*)<\/a>/);
      if (parts.length < 4) continue;
      bubble.textContent = '';
      for (let i = 0; i < parts.length; i += 3) {
        bubble.append(parts[i]);
        if (i + 2 >= parts.length) break;
        const a = document.createElement('a');
        a.href = parts[i + 1];
        a.textContent = parts[i + 2];
        bubble.append(a);
      }
    }
  }

  function down() { log.scrollTop = log.scrollHeight; }

  async function look() {
    try {
      const answer = await fetch('/ui/chat', {cache: 'no-store'});
      const next = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('log');
      if (next && next.innerHTML !== shown) {
        shown = next.innerHTML;
        links(next);
        log.replaceChildren(...next.childNodes);
        down();
      }
    } catch (e) { /* the next look may work */ }
    setTimeout(look, 1000);
  }

  shown = log.innerHTML;
  links(log);
  down();
  if (document.querySelector('.chat footer')) setTimeout(look, 300);
})();
