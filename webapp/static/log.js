// Shopfleet: the live log part. Never loses a line, never moves what someone reads.
(function () {
  'use strict';
  var d = document, root = d.querySelector('[data-log]');
  if (!root) return;
  function $(s, r) { return (r || root).querySelector(s); }
  function all(s, r) { return Array.prototype.slice.call((r || root).querySelectorAll(s)); }
  var D = root.dataset, box = $('.logbox'), MAX = 50000, BLOCK = 100;
  var last = +D.last, first = +D.first, state = D.state, running = D.live === '1';
  var conn = $('[data-conn]'), jump = $('.jump'), bar = $('progress'), ptext = $('[data-ptext]'), status = $('[data-say]');
  var es = null, tries = 0, timer = null, quiet = null, hiddenTimer = null, poll = null, fetching = null, dead = false;
  var queue = [], frame = 0, unseen = 0, total = box ? box.getElementsByClassName('l').length : 0;
  var follow = running && D.pinned !== '1', selfScroll = 0, title0 = d.title;

  // ---- words -------------------------------------------------------------------------------
  var lastSaid = 0, sayNext = null;
  function say(t) { // at most one announcement per 5 s; the newest wins
    if (!status) return;
    clearTimeout(sayNext);
    var rest = Math.max(0, lastSaid + 5000 - Date.now());
    sayNext = setTimeout(function () { lastSaid = Date.now(); status.textContent = t; }, rest);
  }
  function word(w, kind, retry) {
    if (!conn) return;
    conn.textContent = w;
    conn.dataset.kind = kind;
    if (retry) {
      var b = d.createElement('button');
      b.type = 'button'; b.className = 'linkish'; b.textContent = 'Try now';
      b.onclick = function () { tries = 0; open(); };
      conn.append(' ', b);
    }
    if (kind === 'out') { var a = d.createElement('a'); a.href = D.login; a.textContent = 'Sign in'; conn.append(' ', a); }
  }

  // ---- stream ------------------------------------------------------------------------------
  function close() { if (es) { es.close(); es = null; } clearTimeout(quiet); clearTimeout(timer); clearInterval(D._t); }
  function alive() { clearTimeout(quiet); quiet = setTimeout(function () { lost(); }, 40000); }
  function open() {
    close();
    if (dead || d.hidden && hiddenTimer === 'off') return;
    word(tries ? 'Catching up' : 'Connecting', 'busy');
    es = new EventSource(D.stream + (D.stream.indexOf('?') < 0 ? '?' : '&') + 'after=' + last);
    alive();
    es.onopen = function () { alive(); };
    on('ping', function () { live(); });
    on('lines', function (m) { live(); take(m); });
    on('step', function (m) { live(); step(m); });
    on('progress', function (m) { live(); progress(m); });
    on('state', function (m) { live(); setState(m); });
    on('gap', function (m) { live(); hole(m.from, m.to); });
    on('end', function (m) { finish(m); });
    es.onerror = function () { lost(); };
  }
  function on(name, f) {
    es.addEventListener(name, function (e) { alive(); var m = {}; try { m = JSON.parse(e.data); } catch (_) { m = {}; } f(m); });
  }
  function live() { if (tries || !conn || conn.dataset.kind !== 'live') { tries = 0; word('Live', 'live'); } }
  function lost() {
    if (dead) return;
    close();
    // EventSource hides the status, so ask: signed out and finished have their own words.
    fetch(D.status, { headers: { Accept: 'application/json' } }).then(function (r) {
      if (r.status === 401) { dead = true; word('You were signed out.', 'out'); say('You were signed out'); return; }
      if (r.status === 403 || r.status === 404) { dead = true; word('This log is no longer available to you', 'off'); return; }
      if (r.ok) return r.json().then(function (m) { if (m.over && m.last <= last) finish(m); else again(); });
      again();
    }, again);
  }
  function again() {
    var wait = [1, 2, 4, 8, 15][tries] || 30; tries++;
    wait = wait * (0.8 + Math.random() * 0.4);
    var until = Date.now() + wait * 1000;
    function tick() {
      var s = Math.ceil((until - Date.now()) / 1000);
      if (s <= 0) { open(); return; }
      if (navigator.onLine === false) word('Offline. Nothing is lost.', 'off', true);
      else word('Reconnecting in ' + s + ' s. Nothing is lost.', 'off', true);
      timer = setTimeout(tick, Math.min(1000, until - Date.now()));
    }
    tick();
  }
  function finish(m) {
    if (m.last > last) { hole(last + 1, m.last); }
    dead = true; close(); clearInterval(poll);
    setState(m);
    if (m.progress) progress(m.progress);
    word('Finished ' + (m.at || ''), 'done');
    say((m.word || 'Finished') + '. ' + (D.name || ''));
    running = false;
    if (m.reload || D.reload === '1') setTimeout(function () { location.replace(m.next || location.href.split('#')[0]); }, D.reload === '1' ? 900 : 300);
  }
  window.addEventListener('online', function () { if (!es && !dead && running) { tries = 0; open(); } });

  // Hidden for 15 s: give the connection back and ask for the state only, so that many tabs can live side by side.
  d.addEventListener('visibilitychange', function () {
    if (!running) return;
    if (d.hidden) {
      hiddenTimer = setTimeout(function () {
        hiddenTimer = 'off'; close();
        poll = setInterval(function () {
          fetch(D.status, { headers: { Accept: 'application/json' } }).then(function (r) { return r.json(); }).then(function (m) {
            if (m.over) { d.title = (m.state === 'finished' ? '✓ Ready – ' : 'Failed – ') + title0.replace(/^[^–]*– /, ''); clearInterval(poll); }
          }).catch(function () {});
        }, 15000);
      }, 15000);
    } else {
      if (hiddenTimer !== 'off') clearTimeout(hiddenTimer);
      clearInterval(poll);
      if (hiddenTimer === 'off') { hiddenTimer = null; d.title = title0; tries = 1; if (!dead) open(); }
      hiddenTimer = null;
    }
  });

  // ---- lines -------------------------------------------------------------------------------
  function take(m) {
    if (m.to <= last) return;
    if (m.from > last + 1) { hole(last + 1, m.from - 1, m); return; }
    if (fetching) { fetching.push(m); return; }
    last = m.to;
    if (m.html && box) { queue.push(m.html); if (!frame) frame = requestAnimationFrame(flush); if (d.hidden) flush(); }
    if (m.say && ptext) { var n = $('[data-note]'); if (n) n.textContent = m.say; }
  }
  function hole(from, to, then) {
    if (fetching) { if (then) fetching.push(then); return; }
    if (from <= last) from = last + 1;
    if (from > to) { if (then) take(then); return; }
    fetching = then ? [then] : [];
    word('Catching up', 'busy');
    fetch(D.page + (D.page.indexOf('?') < 0 ? '?' : '&') + 'from=' + from + '&to=' + to, { headers: { Accept: 'application/json' } })
      .then(function (r) { if (!r.ok) throw 0; return r.json(); })
      .then(function (m) {
        var w = fetching; fetching = null;
        take({ from: from, to: m.to, html: m.html });
        if (m.to < to) hole(m.to + 1, to);
        w.forEach(take);
      })
      .catch(function () { fetching = null; lost(); });
  }
  var tpl = d.createElement('template'), groups = {}, prev = null;
  all('.grp').forEach(function (g) { groups[g.dataset.step] = g; });
  prev = box && (function () { var x = box.getElementsByClassName('l'); return x[x.length - 1] || null; })();
  function group(n) {
    if (groups[n]) return groups[n];
    var g = d.createElement('details');
    g.className = 'grp'; g.dataset.step = n; g.open = true;
    g.innerHTML = '<summary><span class="nm">Step ' + (+n || '') + '</span><span class="du"></span></summary><div class="lines"></div>';
    var after = null;
    all('.grp').forEach(function (o) { if (+o.dataset.step < +n) after = o; });
    if (after) after.after(g); else box.insertBefore(g, jump);
    groups[n] = g;
    return g;
  }
  function place(l) {
    var lines = $('.lines', group(l.dataset.s)), body = l.querySelector('span');
    if (prev && prev.dataset.s === l.dataset.s) {
      var pb = prev.querySelector('span');
      if (prev.dataset.cr && prev.className.indexOf('hit') < 0) { // a progress line keeps its last form
        weigh(prev, -1); weigh(l, 1); prev.replaceWith(l); prev = l; return 0;
      }
      if (pb && body.textContent === pb.textContent && l.dataset.v === prev.dataset.v && !l.dataset.cr) {
        var n = (+prev.dataset.n || 1) + (+l.dataset.n || 1), em = prev.querySelector('em') || prev.appendChild(d.createElement('em'));
        prev.dataset.n = n; prev.dataset.to = l.dataset.to || l.id.slice(1); em.textContent = '× ' + n;
        return 0;
      }
    }
    var b = lines.lastElementChild;
    if (!b || b.childElementCount >= BLOCK) { b = d.createElement('div'); b.className = 'blk'; lines.append(b); }
    b.append(l); prev = l; weigh(l, 1);
    return 1;
  }
  // Kept, not counted each time: counting 50,000 lines takes longer than showing 100.
  var errors = box ? box.getElementsByClassName('le').length : 0, warnings = box ? box.getElementsByClassName('lw').length : 0, counted = '';
  function weigh(l, by) { if (l.classList.contains('le')) errors += by; else if (l.classList.contains('lw')) warnings += by; }
  function flush() {
    frame = 0;
    if (!queue.length) return;
    tpl.innerHTML = queue.join(''); queue = [];
    var n = 0, words = [];
    Array.prototype.slice.call(tpl.content.children).forEach(function (l) {
      if (d.getElementById(l.id)) return;
      since(l); n += place(l);
      if (announce && announce.checked) words.push(l.querySelector('span').textContent);
    });
    total += n;
    if (words.length) say(words.slice(-5).join('. '));
    if (q) markIn(n);
    counts(); trim();
    if (follow) bottom(); else { unseen += n; more(); }
  }
  function trim() { // keeps the page light; what leaves can be loaded again
    while (total > MAX) {
      var b = $('.blk'); if (!b) return;
      // Asking for a height lays out the page: only where nothing else keeps the place.
      var h = follow || CSS.supports('overflow-anchor', 'auto') ? 0 : b.offsetHeight, k = b.childElementCount, l = b.lastElementChild;
      first = +(l.dataset.to || l.id.slice(1)) + 1;
      errors -= b.getElementsByClassName('le').length; warnings -= b.getElementsByClassName('lw').length;
      b.remove(); total -= k;
      if (h) { own(); box.scrollTop -= h; }
      older();
    }
  }

  // ---- follow ------------------------------------------------------------------------------
  var fbtn = $('[data-act=follow]');
  function own() { selfScroll = Date.now(); }
  function bottom() { if (!box) return; own(); box.scrollTop = box.scrollHeight; unseen = 0; more(); }
  function setFollow(v) { follow = v; if (fbtn) fbtn.setAttribute('aria-pressed', String(v)); if (v) bottom(); more(); }
  function more() {
    if (!jump) return;
    jump.hidden = follow || !unseen;
    jump.textContent = unseen + ' new line' + (unseen === 1 ? '' : 's') + ' ↓';
  }
  if (box) {
    // Only a person turns following off: wheel, touch, keys or the scroll bar, never growth. The place is kept from
    // the last scroll: a browser may have moved the box before it tells about the wheel.
    var from = 0, top0 = box.scrollTop;
    ['wheel', 'touchstart', 'touchmove', 'pointerdown', 'pointermove', 'keydown'].forEach(function (e) { box.addEventListener(e, function () { from = Date.now(); }, { passive: true }); });
    box.addEventListener('scroll', function () {
      var was = top0, person = Date.now() - from < 400 || Date.now() - selfScroll > 80;
      top0 = box.scrollTop;
      if (!person) return;
      var gap = box.scrollHeight - box.clientHeight - box.scrollTop;
      if (follow && gap > 40 && top0 < was) setFollow(false);
      if (gap < 4 && !follow && unseen) { unseen = 0; more(); }
    }, { passive: true });
    d.addEventListener('selectionchange', function () {
      var s = getSelection();
      if (follow && s && !s.isCollapsed && box.contains(s.anchorNode)) setFollow(false);
    });
    box.addEventListener('focusin', function (e) { if (follow && e.target.closest('.l')) setFollow(false); });
    if (jump) jump.addEventListener('click', function () { setFollow(true); box.focus(); });
    if (follow) bottom();
  }

  // ---- steps, progress, state --------------------------------------------------------------
  var opened = {};
  if (box) box.addEventListener('click', function (e) { var s = e.target.closest('summary'); if (s) opened[s.parentNode.dataset.step] = 1; });
  function step(m) {
    var li = root.querySelector('[data-li="' + m.position + '"]');
    if (li) { li.className = m.state; use(li, m.icon); $('.st', li).textContent = m.status || m.word; }
    if (box && m.lines !== false) {
      var g = group(m.position);
      g.dataset.state = m.state; g.dataset.started = m.started || '';
      $('.nm', g).textContent = m.title;
      var b = $('.badge', g);
      if (!b) { b = d.createElement('span'); b.innerHTML = '<svg class="i" aria-hidden="true"><use></use></svg><span></span>'; $('summary', g).prepend(b); }
      b.className = 'badge s-' + m.tone; use(b, m.icon); b.lastElementChild.textContent = m.word;
      $('.du', g).textContent = m.took || m.usual || '';
      if (m.state === 'running' || m.state === 'failed') g.open = true;
      else if (m.state === 'done' && !opened[m.position] && follow) { g.open = false; bottom(); }
    }
    say(m.title + ': ' + m.word);
  }
  function use(n, icon) { var u = n.querySelector('use'); if (u && icon) u.setAttribute('href', D.icons + '#' + icon); }
  function progress(m) {
    if (bar && m.percent > bar.value) bar.value = m.percent; // never goes back
    if (ptext && m.text) ptext.textContent = m.text;
    var p = $('[data-percent]'); if (p && bar) p.textContent = Math.round(bar.value) + ' %';
  }
  function setState(m) {
    if (!m.state) return;
    state = m.state;
    var b = d.querySelector('[data-state-badge]');
    if (b && m.word) { b.className = 'badge s-' + m.tone; use(b, m.icon); b.lastElementChild.textContent = m.word; }
    if (bar) bar.className = state === 'finished' ? 'done' : state === 'failed' ? 'failed' : '';
    if (m.word && title0.indexOf(' – ') > 0) { title0 = title0.replace(/^[^–]*(?= –)/, m.word); if (!d.hidden) d.title = title0; }
    if (m.reload && !m.over) setTimeout(window.shopfleet.reload, 300);
  }
  setInterval(function () {
    all('.grp[data-state=running]').forEach(function (g) {
      var s = +g.dataset.started; if (s) $('.du', g).textContent = dur((Date.now() - s) / 1000);
    });
  }, 1000);
  function dur(s) { s = Math.max(0, s); return s < 60 ? Math.floor(s) + ' s' : Math.floor(s / 60) + ' min ' + Math.floor(s % 60) + ' s'; }

  if (!box) { if (running) open(); return; }

  // ---- older lines -------------------------------------------------------------------------
  var oldBtn = $('[data-act=older]');
  function older() {
    var p = $('.more'); if (!p) return;
    p.hidden = first <= +D.start;
    $('[data-range]', p).textContent = 'Earlier lines ' + D.start + '–' + (first - 1);
  }
  if (oldBtn) oldBtn.addEventListener('click', function (e) {
    e.preventDefault();
    loadOlder(Math.max(+D.start, first - 1000));
  });
  function loadOlder(lo) {
    return fetch(D.page + (D.page.indexOf('?') < 0 ? '?' : '&') + 'from=' + lo + '&to=' + (first - 1), { headers: { Accept: 'application/json' } }).then(function (r) { return r.json(); }).then(function (m) {
      var h = box.scrollHeight, t = box.scrollTop, by = {};
      tpl.innerHTML = m.html;
      Array.prototype.slice.call(tpl.content.children).forEach(function (l) { since(l); (by[l.dataset.s] = by[l.dataset.s] || []).push(l); });
      Object.keys(by).forEach(function (s) {
        var host = $('.lines', group(s)), at = host.firstChild;
        for (var i = 0; i < by[s].length; i += BLOCK) { var b = d.createElement('div'); b.className = 'blk'; b.append.apply(b, by[s].slice(i, i + BLOCK)); host.insertBefore(b, at); }
        total += by[s].length; by[s].forEach(function (l) { weigh(l, 1); });
      });
      first = lo; older(); counts();
      if (Math.abs(box.scrollTop - t) < 1) { own(); box.scrollTop = t + box.scrollHeight - h; }
    });
  }

  // ---- line links --------------------------------------------------------------------------
  var anchor = 0;
  function target() {
    all('.l.on').forEach(function (l) { l.classList.remove('on'); });
    var m = /[?&]line=(\d+)(?:-(\d+))?/.exec(location.search);
    if (!m) return;
    var a = +m[1], b = +(m[2] || m[1]);
    anchor = a;
    all('.l').forEach(function (l) { var s = +l.id.slice(1), e = +(l.dataset.to || s); if (e >= a && s <= b) { l.classList.add('on'); l.closest('.grp').open = true; } });
  }
  box.addEventListener('click', function (e) {
    var a = e.target.closest('.l>a'); if (!a || e.ctrlKey || e.metaKey) return;
    e.preventDefault();
    var s = +a.parentNode.id.slice(1), lo = s, hi = s, u = new URL(location.href);
    if (e.shiftKey && anchor) { lo = Math.min(anchor, s); hi = Math.max(anchor, s); } else anchor = s;
    u.searchParams.set('line', lo === hi ? lo : lo + '-' + hi); u.hash = 'L' + lo;
    var keep = anchor; history.replaceState(null, '', u); setFollow(false); target(); anchor = keep; a.focus();
  });
  target();

  // ---- level filter, find ------------------------------------------------------------------
  var lv = $('[data-act=level]'), find = $('[data-act=find]'), only = $('[data-act=only]'), fc = $('[data-count]'), q = '', hits = [], cur = -1, serverHits = 0;
  function url(k, v) { var u = new URL(location.href); if (v) u.searchParams.set(k, v); else u.searchParams.delete(k); history.replaceState(null, '', u); }
  function level() {
    box.classList.remove('lv-warn', 'lv-error');
    if (lv.value) box.classList.add('lv-' + lv.value);
  }
  function counts() {
    if (!lv) return;
    if (counted === warnings + ' ' + errors) return;
    counted = warnings + ' ' + errors;
    lv.options[0].text = 'All lines'; lv.options[1].text = 'Warnings and errors (' + (warnings + errors) + ')'; lv.options[2].text = 'Errors (' + errors + ')';
    var ne = $('[data-act=error]'); if (ne) ne.hidden = !errors;
  }
  if (lv) lv.addEventListener('change', function () { level(); url('level', lv.value); });
  function unmark() { all('mark').forEach(function (m) { var p = m.parentNode; m.replaceWith(m.textContent); p.normalize(); }); all('.hit,.near').forEach(function (l) { l.classList.remove('hit', 'near'); }); hits = []; cur = -1; }
  function markLine(l) {
    var w = d.createTreeWalker(l.querySelector('span'), NodeFilter.SHOW_TEXT), n, found = false, jobs = [];
    while ((n = w.nextNode())) { var i = n.data.toLowerCase().indexOf(q); if (i >= 0) jobs.push(n); }
    jobs.forEach(function (t) {
      var i;
      while ((i = t.data.toLowerCase().indexOf(q)) >= 0) {
        var r = t.splitText(i), rest = r.splitText(q.length), m = d.createElement('mark');
        r.replaceWith(m); m.append(r); hits.push(m); t = rest; found = true;
      }
    });
    // A match that runs over a change of colour: the line as a whole.
    if (!found && l.querySelector('span').textContent.toLowerCase().indexOf(q) >= 0) { hits.push(l); found = true; }
    if (found) l.classList.add('hit');
    return found;
  }
  function around() { all('.l.hit').forEach(function (l) { var p = l, n = l; for (var i = 0; i < 3; i++) { if (p) p = p.previousElementSibling; if (n) n = n.nextElementSibling; if (p) p.classList.add('near'); if (n) n.classList.add('near'); } }); }
  function markIn(n) { var x = box.getElementsByClassName('l'), c = 0; for (var i = Math.max(0, x.length - n); i < x.length; i++) if (markLine(x[i])) c++; if (c) { around(); tell(); } }
  function tell() { var n = hits.length + serverHits; fc.textContent = q ? (n ? (cur >= 0 ? cur + 1 + ' of ' : '') + n + (serverHits ? ' (' + serverHits + ' in earlier lines)' : '') : 'No match') : ''; }
  function search() {
    unmark(); serverHits = 0;
    q = find.value.trim().toLowerCase(); url('find', find.value.trim());
    if (q) {
      setFollow(false);
      all('.l').forEach(markLine); around();
      if (first > +D.start && D.find) fetch(D.find + '&q=' + encodeURIComponent(q) + '&before=' + first, { headers: { Accept: 'application/json' } }).then(function (r) { return r.json(); }).then(function (m) { serverHits = m.count; D.hit = m.last || ''; tell(); }).catch(function () {});
    }
    box.classList.toggle('only', !!(q && only && only.checked));
    tell(); if (hits.length) go(hits.length - 1);
  }
  function go(i) {
    if (i < 0 && serverHits && +D.hit) { loadOlder(Math.max(+D.start, +D.hit - 50)).then(function () { search(); }); return; }
    if (!hits.length) return;
    hits.sort(function (a, b) { return a.compareDocumentPosition(b) & 4 ? -1 : 1; });
    if (hits[cur]) hits[cur].classList.remove('cur');
    cur = (i + hits.length) % hits.length;
    var m = hits[cur]; m.classList.add('cur'); m.closest('.grp').open = true; own();
    m.scrollIntoView({ block: 'center' }); tell();
  }
  if (find) {
    var ft; find.addEventListener('input', function () { clearTimeout(ft); ft = setTimeout(search, 250); });
    find.addEventListener('keydown', function (e) { if (e.key === 'Enter') { e.preventDefault(); go(cur + (e.shiftKey ? -1 : 1)); } if (e.key === 'Escape') { find.value = ''; search(); box.focus(); } });
    if (only) only.addEventListener('change', search);
  }
  box.addEventListener('dblclick', function (e) { var l = e.target.closest('.only .l'); if (l) { only.checked = false; box.classList.remove('only'); l.scrollIntoView({ block: 'center' }); } });
  var errAt = -1;
  function nextError() {
    var x = all('.le'); if (!x.length) return;
    setFollow(false); errAt = (errAt + 1) % x.length; var l = x[errAt];
    l.closest('.grp').open = true; own(); l.scrollIntoView({ block: 'center' }); l.querySelector('a').focus({ preventScroll: true });
  }

  // ---- times, wrap, copy, keys -------------------------------------------------------------
  var tm = $('[data-act=times]'), wr = $('[data-act=wrap]'), announce = $('[data-act=announce]');
  function store(k, v) { try { if (v === undefined) return localStorage.getItem('sf-' + k); localStorage.setItem('sf-' + k, v); } catch (_) { return null; } return null; }
  function since(l) {
    if (!tm || !tm.value) return;
    var t = l.querySelector('time'), at = new Date(t.dateTime);
    if (tm.value === 'since') { var s = (at - +D.begun) / 1000; t.textContent = '+' + s.toFixed(1) + ' s'; }
    else t.textContent = tm.value === 'utc' ? t.dateTime.slice(11, 19) + 'Z' : at.toTimeString().slice(0, 8);
  }
  function times() { box.classList.remove('t-clock', 't-since'); if (tm.value) { box.classList.add(tm.value === 'since' ? 't-since' : 't-clock'); all('.l').forEach(since); } store('times', tm.value); }
  if (tm) { tm.value = store('times') || ''; if (tm.selectedIndex < 0) tm.value = ''; tm.addEventListener('change', times); times(); }
  if (wr) { wr.checked = store('wrap') !== 'off'; var wrap = function () { box.classList.toggle('nowrap', !wr.checked); store('wrap', wr.checked ? 'on' : 'off'); }; wr.addEventListener('change', wrap); wrap(); }
  function text(ls) {
    var withTimes = tm && tm.value;
    return ls.map(function (l) { return (withTimes ? l.querySelector('time').textContent + '  ' : '') + l.querySelector('span').textContent; }).join('\n') + '\n';
  }
  function copyLines(btn) {
    var s = getSelection(), ls = all('.l');
    if (s && !s.isCollapsed && box.contains(s.anchorNode)) ls = ls.filter(function (l) { return s.containsNode(l, true); });
    else if (all('.l.on').length) ls = all('.l.on');
    var words = 'Copied ' + ls.length + ' line' + (ls.length === 1 ? '' : 's');
    window.shopfleet.copy(text(ls), btn, words); say(words);
  }
  box.addEventListener('copy', function (e) { // a selection copies without numbers
    var s = getSelection(), ls = all('.l').filter(function (l) { return s.containsNode(l, true); });
    if (ls.length > 1) { e.clipboardData.setData('text/plain', text(ls)); e.preventDefault(); say('Copied ' + ls.length + ' lines'); }
  });
  var acts = {
    follow: function () { setFollow(!follow); }, copy: copyLines, error: nextError,
    prev: function () { go(cur - 1); }, next: function () { go(cur + 1); },
    more: function (b) { var on = $('.logbar').classList.toggle('all'); b.setAttribute('aria-expanded', String(on)); },
    keys: function () { var g = $('dialog'); if (g.showModal) g.showModal(); }
  };
  root.addEventListener('click', function (e) { var b = e.target.closest('button[data-act]'); if (b && acts[b.dataset.act]) acts[b.dataset.act](b); });
  root.addEventListener('keydown', function (e) {
    if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName) || !box.contains(e.target)) return;
    var k = e.key;
    if (k === '/') { find.focus(); find.select(); } else if (k === 'n') go(cur + 1); else if (k === 'p') go(cur - 1);
    else if (k === 'e') nextError(); else if (k === 'f') setFollow(!follow); else if (k === 'Home') { setFollow(false); own(); box.scrollTop = 0; }
    else if (k === 'End') { if (running) setFollow(true); else { own(); box.scrollTop = box.scrollHeight; } } else if (k === '?') acts.keys(); else return;
    e.preventDefault();
  });
  setFollow(follow); if (lv) { level(); counts(); } older();
  if (find && find.value) search();
  if (running) open(); else if (D.finished) word('Finished ' + D.finished, 'done');
  window.addEventListener('pagehide', close);
})();
