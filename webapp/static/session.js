// Says two minutes before that the sign-in ends, and puts back what was typed into a form that came too late.
(function () {
  'use strict';
  var d = document, root = d.documentElement, box = d.querySelector('[data-leave]');
  if (!box) return;
  function $(s) { return box.querySelector(s); }
  var D = box.dataset, words = $('p'), stay = $('form'), link = $('a'), close = $('[data-close]');
  var WARN = 120, ASK = 15000, HOUR = 3600000, view = D.viewing === '1';
  var idle = +D.idle, life = +D.life, at = Date.now(), asked = at, state = 'fine', said = '', busy = false, from, timer;

  // Politely, and each thing once.
  function say(text) { if (said !== text) { said = text; window.shopfleet.say(text); } }
  function left() { return Math.min(idle, life) - (Date.now() - at) / 1000; }
  function span(l) { return l > 90 ? '2 minutes' : l > 45 ? '1 minute' : l > 0 ? Math.ceil(l / 10) * 10 + ' seconds' : 'a moment'; }

  // ---- the notice: it lies over nothing, takes no focus, and gives back what it was given ------
  function fit() { root.style.scrollPaddingBottom = d.body.style.paddingBottom = box.hidden ? '' : box.offsetHeight + 'px'; }
  window.addEventListener('resize', fit);
  function show(text, button) {
    var inside = box.contains(d.activeElement);
    if (words.textContent !== text) words.textContent = text;
    [stay, link, close].forEach(function (b) { b.hidden = b !== button; });
    box.hidden = false;
    fit();
    if (inside && !box.contains(d.activeElement) && button) (button === stay ? $('form button') : button).focus();
  }
  function hide() {
    var inside = box.contains(d.activeElement);
    box.hidden = true;
    fit();
    if (inside) (from && d.contains(from) ? from : d.getElementById('main')).focus();
  }
  box.addEventListener('focusin', function (e) { if (e.relatedTarget && !box.contains(e.relatedTarget)) from = e.relatedTarget; });
  close.addEventListener('click', function () { state = 'fine'; hide(); });

  // ---- what time it is: by the server, whenever it matters -----------------------------------
  function tick() {
    clearTimeout(timer);
    var l = left(), soon, text, button;
    if (l > WARN) {
      if (state === 'warn') { state = 'fine'; hide(); say('You stay signed in.'); }
      timer = setTimeout(function () { if (left() > WARN) tick(); else ask(); }, Math.min((l - WARN) * 1000 + 300, HOUR));
      return;
    }
    var first = state !== 'warn';
    state = 'warn';
    soon = 'You will be signed out in ' + span(l);
    if (idle < life) { text = soon + ', because nothing happened here for a while. What you typed stays on this page.'; button = stay; }
    else if (view) { soon = 'Your view of this panel ends in ' + span(l); text = soon + '. It cannot be made longer; begin another one from the customer’s page.'; }
    else { text = soon + '. That cannot be put off: a sign-in lasts only so long. Sign in again in a new tab and go on here; what you typed stays on this page.'; button = link; }
    show(text, button);
    if (first) say(text);
    else if (l <= 30) say(soon.replace(/in .*/, 'in less than 30 seconds.'));
    timer = setTimeout(l <= 0 || Date.now() - asked > ASK ? ask : tick, 1000);
  }
  function ask() {
    clearTimeout(timer);
    asked = Date.now();
    fetch(D.state, { headers: { Accept: 'application/json' }, redirect: 'manual', cache: 'no-store' }).then(function (r) {
      if (r.status === 401) return over();
      if (!r.ok) return later();
      return r.json().then(take);
    }).catch(later);
  }
  function later() { clearTimeout(timer); timer = setTimeout(ask, ASK); }
  function over() {
    var text = view ? 'Your view of this panel is over.' : 'You are signed out. What you typed is still on this page. Sign in again in a new tab, come back, and go on here.';
    state = 'over';
    if (view) { link.href = '/stop-viewing'; link.removeAttribute('target'); link.textContent = 'Back to customers'; }
    show(text, link);
    say(text);
  }
  function take(s) {
    var text;
    if (s.who !== D.who) {
      state = 'other';
      text = 'Somebody else is signed in here now. Copy what you typed before you leave this page.';
      show(text);
      return say(text);
    }
    // A new sign-in has new tokens: what is open since before is sent with them.
    d.querySelectorAll('input[name=csrf_token]').forEach(function (i) { i.value = s.csrf; });
    idle = s.idle; life = s.life; at = Date.now();
    if (state === 'over' || state === 'other') {
      state = 'back';
      text = 'You are signed in again. Go on where you were.';
      show(text, close);
      say(text);
    }
    tick();
  }
  stay.addEventListener('submit', function (e) {
    e.preventDefault();
    e.stopPropagation();
    if (busy) return;
    busy = true;
    fetch(D.stay, { method: 'POST', body: new URLSearchParams(new FormData(stay)), headers: { Accept: 'application/json' }, redirect: 'manual' }).then(function (r) {
      busy = false;
      if (!r.ok) return ask();
      return r.json().then(function (s) { take(s); if (hall) hall.postMessage('here'); });
    }).catch(function () { busy = false; later(); });
  });
  // Another tab was used, or signed in again: the server says what that means for this one.
  var hall = window.BroadcastChannel && new BroadcastChannel(D.state);
  if (hall) { hall.onmessage = function () { if (state !== 'fine') ask(); }; hall.postMessage('here'); }
  function seen() { if (!d.hidden && Date.now() - asked > 1000 && (state !== 'fine' || left() <= WARN)) ask(); }
  d.addEventListener('visibilitychange', seen);
  window.addEventListener('focus', seen);
  tick();

  // ---- what was typed -------------------------------------------------------------------------
  // Kept in this tab only, from the moment a form is sent until the next page is there. Never passwords, keys, codes, files.
  var TYPED = 'sf-typed', UNSENT = 'sf-unsent', proving = /\/reauthenticate$/.test(location.pathname);
  var KINDS = /^(text|email|url|tel|search|number|date|time|datetime-local|textarea|select-one|checkbox|radio)$/;
  var SECRET = /pass|secret|token|key|code|answer|confirm/i;
  function fields(f) {
    return Array.prototype.filter.call(f.elements, function (x) {
      return x.name && KINDS.test(x.type) && !x.readOnly && !SECRET.test(x.name) && !/password|one-time/.test(x.autocomplete);
    });
  }
  function ticks(x) { return x.type === 'checkbox' || x.type === 'radio'; }
  function alike(action) {
    return Array.prototype.filter.call(d.forms, function (f) { return f.method === 'post' && f.getAttribute('action') === action; });
  }
  function forget() { sessionStorage.removeItem(TYPED); sessionStorage.removeItem(UNSENT); }
  function safely(run) { try { run(); } catch (_) { /* No storage: nothing is kept. */ } }
  d.addEventListener('submit', function (e) {
    var f = e.target, action = f.getAttribute('action');
    if (f.method !== 'post' || box.contains(f) || proving) return;
    safely(function () {
      forget();
      var all = fields(f).map(function (x) { return [x.name, x.value, ticks(x) ? x.checked : null]; });
      if (all.length) sessionStorage.setItem(TYPED, JSON.stringify({ action: action, nth: alike(action).indexOf(f), who: D.who, at: Date.now(), fields: all }));
    });
  });
  safely(function () {
    var kept = JSON.parse(sessionStorage.getItem(TYPED)), f, seen = {};
    // The password is asked for in between: the form was not sent either.
    if (proving) { if (kept) sessionStorage.setItem(UNSENT, '1'); return; }
    if (!kept || !sessionStorage.getItem(UNSENT) || kept.who !== D.who || Date.now() - kept.at > HOUR) return forget();
    f = alike(kept.action)[kept.nth];
    if (!f) return;
    forget();
    kept.fields.forEach(function (k) {
      var n = seen[k[0]] = (seen[k[0]] || 0) + 1;
      var x = fields(f).filter(function (x) { return x.name === k[0] && (!ticks(x) || x.value === k[1]); })[k[2] === null ? n - 1 : 0];
      if (!x) return;
      if (ticks(x)) x.checked = k[2];
      else x.value = k[1];
    });
    for (var p = f.closest('details'); p; p = p.parentNode.closest('details')) p.open = true;
    var text = 'What you typed is back in the form. It was not sent. Look it over, then send it again.';
    var note = d.createElement('div'), inner = d.createElement('div'), line = d.createElement('p'), main = d.getElementById('main');
    note.className = 'notice warn';
    line.textContent = text;
    inner.appendChild(line); note.appendChild(inner);
    (main.querySelector('.wrap') || main).prepend(note);
    window.shopfleet.say(text);
  });
})();
