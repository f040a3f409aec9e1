// Shopfleet: liveness for pages that already work with links and forms alone.
(function () {
  'use strict';
  var d = document;
  function $(s, r) { return (r || d).querySelector(s); }
  function all(s, r) { return Array.prototype.slice.call((r || d).querySelectorAll(s)); }
  d.documentElement.classList.add('js');

  // Error summary takes focus, so the first thing read is what to mend.
  var summary = $('.summary');
  if (summary) summary.focus();
  var flash = $('.notice[data-flash]');
  if (flash && !summary) { flash.tabIndex = -1; }

  // On narrow screens the staff's menu is one line that scrolls: the page's own entry is in view.
  var here = $('.side [aria-current]');
  if (here) { var line = here.closest('ul'); line.scrollLeft = here.offsetLeft - (line.clientWidth - here.offsetWidth) / 2; }

  // Show / hide a password: the button exists only where scripts run.
  all('[data-show]').forEach(function (b) {
    var input = d.getElementById(b.dataset.show);
    if (!input) return;
    b.hidden = false;
    b.addEventListener('click', function () {
      var shown = input.type === 'text';
      input.type = shown ? 'password' : 'text';
      b.setAttribute('aria-pressed', String(!shown));
      b.querySelector('span').textContent = shown ? 'Show' : 'Hide';
    });
    if (input.form) input.form.addEventListener('submit', function () { input.type = 'password'; });
  });

  // A form sends once; the one-use key on the server makes this a courtesy, not the guard.
  d.addEventListener('submit', function (e) {
    var f = e.target;
    if (f.method !== 'post' || 'download' in f.dataset) return;
    if (f.dataset.sent) { e.preventDefault(); return; }
    f.dataset.sent = '1';
    var b = e.submitter;
    if (!b || b.name) return;
    setTimeout(function () {
      if (b.dataset.busy) {
        b.style.minWidth = b.offsetWidth + 'px';
        b.dataset.was = b.innerHTML;
        b.textContent = b.dataset.busy;
      }
      b.disabled = true;
    });
  });
  window.addEventListener('pageshow', function () {
    all('form[data-sent]').forEach(function (f) {
      delete f.dataset.sent;
      all('button[disabled]', f).forEach(function (b) {
        b.disabled = false;
        if (b.dataset.was) { b.innerHTML = b.dataset.was; }
      });
    });
  });

  function say(text) {
    var s = $('#say');
    if (s) { s.textContent = ''; setTimeout(function () { s.textContent = text; }, 30); }
  }
  // Copy a value; falls back to selecting it where the clipboard is not available (plain http).
  function copy(text, near, words) {
    function manual() {
      var t = d.createElement('textarea');
      t.className = 'copybox in'; t.readOnly = true; t.value = text; t.setAttribute('aria-label', 'Text to copy');
      near.parentNode.insertBefore(t, near.nextSibling); t.focus(); t.select();
      var ok = false;
      try { ok = d.execCommand('copy'); } catch (_) { ok = false; }
      if (ok) { t.remove(); near.focus(); say(words); } else { say('Press Ctrl+C to copy the selected text'); t.addEventListener('blur', function () { t.remove(); }); }
      return ok;
    }
    function done() {
      var l = near.querySelector('span') || near, was = l.textContent;
      l.textContent = 'Copied'; say(words);
      setTimeout(function () { l.textContent = was; }, 2000);
    }
    if (navigator.clipboard && window.isSecureContext) navigator.clipboard.writeText(text).then(done, manual);
    else if (manual()) done();
  }
  // A reload that nobody asked for keeps nobody signed in: the server reads this once.
  function reload() {
    d.cookie = (location.protocol === 'https:' ? '__Host-sf_again=1;secure' : 'sf_again=1') + ';path=/;max-age=5;samesite=lax';
    location.reload();
  }
  window.shopfleet = { copy: copy, say: say, reload: reload };
  // A form came too late: session.js puts what was typed back where it was.
  if (/[?&]unsent=1/.test(location.search)) try { sessionStorage.setItem('sf-unsent', '1'); } catch (_) { /* Nothing was kept. */ }
  all('[data-copy]').forEach(function (b) {
    b.hidden = false;
    b.addEventListener('click', function () {
      copy(d.getElementById(b.dataset.copy).textContent.trim(), b, 'Copied');
    });
  });

  // "Send again" opens after its wait, counted down in words.
  all('[data-wait]').forEach(function (b) {
    var left = +b.dataset.wait, label = b.textContent;
    if (!left) return;
    b.disabled = true;
    (function tick() {
      if (left <= 0) { b.disabled = false; b.textContent = label; return; }
      b.textContent = label + ' (' + left + ' s)'; left--; setTimeout(tick, 1000);
    })();
  });

  // The address a store name leads to, shown while leaving the field; the server decides.
  var nm = $('[data-slug-from]'), out = $('[data-slug-out]');
  if (nm && out) {
    var slug = function () {
      var own = d.getElementById('address'), v = (own && own.value) || nm.value;
      v = v.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40);
      out.textContent = v || 'your-store';
    };
    nm.addEventListener('change', slug);
    if ($('#address')) $('#address').addEventListener('change', slug);
  }

  // Filters apply by themselves after a short rest; without scripts there is Apply.
  all('form[data-auto]').forEach(function (f) {
    var t;
    f.addEventListener('change', function (e) { if (e.target.tagName === 'SELECT') { clearTimeout(t); t = setTimeout(function () { f.requestSubmit(); }, 300); } });
  });
  d.addEventListener('keydown', function (e) {
    if (e.key !== '/' || e.ctrlKey || e.metaKey || e.altKey) return;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName) || e.target.closest('[data-log]')) return;
    var q = $('[data-search-all]') || $('[data-search]');
    if (q) { e.preventDefault(); q.focus(); q.select(); }
  });

  // Exact times in the zone the account chose.
  var zone = d.documentElement.dataset.zone;
  if (zone) all('time[datetime]').forEach(function (t) {
    var at = new Date(t.getAttribute('datetime'));
    if (t.closest('.logbox') || isNaN(at)) return;
    var words = at.toLocaleString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZone: zone, timeZoneName: 'short' });
    if (t.textContent === t.title) t.textContent = words;
    t.title = words;
  });

  // Pages that wait for something ask again, but only while somebody looks and nothing is being typed.
  var again = $('[data-again]');
  function typed() {
    return all('main input,main textarea').some(function (x) {
      return x.type !== 'hidden' && (x.value !== x.defaultValue || x.checked !== x.defaultChecked);
    });
  }
  var asking = again && setInterval(function () {
    if (d.hidden || /^(INPUT|TEXTAREA|SELECT)$/.test(d.activeElement.tagName) || typed()) return;
    fetch(again.dataset.again, { headers: { Accept: 'application/json' } }).then(function (r) {
      if (r.status === 401) clearInterval(asking);
      return r.json();
    }).then(function (s) {
      if (s.state && s.state !== again.dataset.state) reload();
    }).catch(function () {});
  }, +again.dataset.every || 5000);

  // Passkeys: asks the server for a challenge, the browser for an answer, and sends that as an ordinary form. What cannot
  // work here stays hidden, and a sentence says so.
  var add = $('[data-passkey-add]'), enter = $('[data-passkey-enter]'), keys = navigator.credentials, waiting = null;
  function bytes(text) {
    return Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), function (c) { return c.charCodeAt(0); });
  }
  function text64(buffer) {
    var raw = '';
    new Uint8Array(buffer).forEach(function (b) { raw += String.fromCharCode(b); });
    return btoa(raw).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  }
  function challenge(form, at) {
    var body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
    return fetch(at, { method: 'POST', body: body, headers: { Accept: 'application/json' } }).then(function (r) {
      // Signed out, or the password is asked for again: the page itself says which.
      if (r.redirected) { location.reload(); return new Promise(function () {}); }
      return r.json().then(function (j) {
        if (!r.ok) throw new Error(j.detail || '');
        return j;
      });
    }).then(function (j) {
      var o = j.publicKey;
      o.challenge = bytes(o.challenge);
      if (o.user) o.user.id = bytes(o.user.id);
      (o.excludeCredentials || o.allowCredentials || []).forEach(function (c) { c.id = bytes(c.id); });
      return j;
    });
  }
  function answer(form, c, ceremony) {
    var out = { id: c.id, rawId: text64(c.rawId), type: c.type, extensions: {}, response: {} };
    ['attestationObject', 'clientDataJSON', 'authenticatorData', 'signature', 'userHandle'].forEach(function (k) {
      if (c.response[k]) out.response[k] = text64(c.response[k]);
    });
    form.elements.ceremony.value = ceremony;
    form.elements.answer.value = JSON.stringify(out);
    form.submit();
  }
  function withKey(form, run) {
    var p = $('[data-passkey-error]', form), b = $('button', form);
    form.hidden = false;
    form.addEventListener('submit', function (e) {
      e.preventDefault();
      e.stopPropagation();
      form.dataset.sent = '1';
      b.disabled = p.hidden = true;
      run().catch(function (e) {
        delete form.dataset.sent;
        b.disabled = false;
        p.textContent = e.name === 'InvalidStateError' ? 'This device has a passkey here already.'
          : e.name === 'NotAllowedError' ? 'Nothing was chosen, or the time was over. Try again.'
          : e.name === 'Error' && e.message || 'That did not work. Try again.';
        p.hidden = false;
      });
    });
  }
  if (!window.PublicKeyCredential || !keys) {
    all('[data-passkey-missing]').forEach(function (p) { p.hidden = false; });
    add = enter = null;
  }
  if (add) withKey(add, function () {
    // Without a name the server says what is missing, before a device makes anything.
    if (!add.elements.name.value.trim()) { add.submit(); return new Promise(function () {}); }
    return challenge(add, add.dataset.passkeyAdd).then(function (j) {
      return keys.create({ publicKey: j.publicKey }).then(function (c) { answer(add, c, j.ceremony); });
    });
  });
  if (enter) {
    withKey(enter, function () {
      if (waiting) waiting.abort();
      return challenge(enter, enter.dataset.passkeyEnter).then(function (j) {
        return keys.get({ publicKey: j.publicKey }).then(function (c) { answer(enter, c, j.ceremony); });
      });
    });
    // The browser offers passkeys in the email field, once somebody goes there; challenges live for five minutes.
    var email = $('#email'), can = window.PublicKeyCredential.isConditionalMediationAvailable;
    var offer = function () {
      var stop = waiting = new AbortController();
      var again = setTimeout(function () { stop.abort(); offer(); }, 240000);
      stop.signal.addEventListener('abort', function () { clearTimeout(again); });
      challenge(enter, enter.dataset.passkeyEnter).then(function (j) {
        if (stop.signal.aborted) return;
        return keys.get({ publicKey: j.publicKey, mediation: 'conditional', signal: stop.signal })
          .then(function (c) { if (c) answer(enter, c, j.ceremony); });
      }).catch(function () { /* The forms work as ever. */ });
    };
    if (email && can) email.addEventListener('focus', function () {
      can.call(window.PublicKeyCredential).then(function (ok) { if (ok) offer(); });
    }, { once: true });
  }
})();
