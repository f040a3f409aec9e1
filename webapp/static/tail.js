// Follows a log that is not a job's: new lines at the end, until the reader pauses, leaves, or hides the page.
(function () {
  'use strict';
  var d = document, root = d.querySelector('[data-tail]');
  if (!root || !root.dataset.stream || !window.EventSource) return;
  function $(s) { return root.querySelector(s); }
  var box = $('.logbox'), fresh = $('[data-new]'), conn = $('[data-conn]'), jump = $('.jump'), pause = $('[data-act=pause]');
  var es, tries = 0, timer, hidden, paused = false, dead = false, follow = true, last = root.dataset.after || '', missed = 0, moved = 0, MOST = 3000;
  function word(text) { if (conn.textContent !== text) conn.textContent = text; }
  function end() { box.scrollTop = box.scrollHeight; missed = 0; jump.hidden = true; follow = true; }

  function open() {
    clearTimeout(timer);
    if (paused || dead || d.hidden) return;
    close();
    word('Connecting');
    es = new EventSource(root.dataset.stream + (root.dataset.stream.indexOf('?') < 0 ? '?' : '&') + 'after=' + encodeURIComponent(last));
    es.addEventListener('lines', function (e) { last = e.lastEventId || last; add(JSON.parse(e.data)); });
    es.addEventListener('state', function (e) { tries = 0; word(JSON.parse(e.data).word); });
    es.onerror = function () { close(); ask(); };
  }
  function close() { if (es) { es.close(); es = null; } }
  // EventSource hides the status: signed out has its own words.
  function ask() {
    if (paused || dead) return;
    var stop = window.AbortController && new AbortController();
    fetch(root.dataset.stream, { headers: { Accept: 'text/event-stream' }, signal: stop && stop.signal }).then(function (r) {
      if (stop) stop.abort();
      if (r.status === 401) { dead = true; word('You were signed out.'); if (root.dataset.login) { var a = d.createElement('a'); a.href = root.dataset.login; a.textContent = 'Sign in'; conn.appendChild(d.createTextNode(' ')); conn.appendChild(a); } return; }
      if (r.status === 204) { dead = true; word('The store does not run now'); return; }
      if (r.status === 403 || r.status === 404) { dead = true; word('This log is no longer available to you'); return; }
      again();
    }, again);
  }
  function again() {
    var wait = ([1, 2, 4, 8, 15][tries] || 30) * (0.8 + Math.random() * 0.4); tries++;
    word('Reconnecting in ' + Math.ceil(wait) + ' s');
    timer = setTimeout(open, wait * 1000);
  }
  function add(m) {
    if (!m.html) return;
    var before = box.scrollTop, gone = 0;
    fresh.insertAdjacentHTML('beforeend', m.html);
    var rows = box.querySelectorAll('.l');
    for (var i = 0; i < rows.length - MOST; i++) { gone += rows[i].offsetHeight; rows[i].remove(); }
    if (follow) { moved = Date.now(); end(); return; }
    box.scrollTop = before - gone;
    missed += m.count;
    jump.textContent = missed + (missed === 1 ? ' new line ↓' : ' new lines ↓'); jump.hidden = false;
  }
  box.addEventListener('scroll', function () {
    var away = box.scrollHeight - box.scrollTop - box.clientHeight;
    if (away < 24) { follow = true; missed = 0; jump.hidden = true; }
    else if (away > 40 && Date.now() - moved > 100) follow = false;
  });
  d.addEventListener('selectionchange', function () {
    var s = d.getSelection();
    if (s && !s.isCollapsed && box.contains(s.anchorNode)) follow = false;
  });
  jump.addEventListener('click', end);
  pause.addEventListener('click', function () {
    paused = !paused;
    pause.setAttribute('aria-pressed', String(paused));
    pause.textContent = paused ? 'Go on' : 'Pause';
    if (paused) { clearTimeout(timer); close(); word('Paused'); } else { tries = 0; open(); }
  });
  // Hidden for 15 s: nobody watches, so the server may stop reading.
  d.addEventListener('visibilitychange', function () {
    clearTimeout(hidden);
    if (d.hidden) hidden = setTimeout(function () { clearTimeout(timer); close(); word('Paused while hidden'); }, 15000);
    else if (!es) { tries = 0; open(); }
  });
  window.addEventListener('pagehide', close);
  end();
  open();
})();
