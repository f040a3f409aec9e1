// Passkeys: asks the server for a challenge, the browser for an answer, and sends that as an ordinary form.
(function () {
  'use strict';
  var d = document, waiting = null;
  if (!window.PublicKeyCredential || !navigator.credentials) return;

  function bytes(text) {
    var raw = atob(text.replace(/-/g, '+').replace(/_/g, '/')), out = new Uint8Array(raw.length);
    for (var i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
    return out;
  }
  function text(buffer) {
    var raw = '';
    new Uint8Array(buffer).forEach(function (b) { raw += String.fromCharCode(b); });
    return btoa(raw).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  }
  function challenge(form, at) {
    var body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
    return fetch(at, { method: 'POST', body: body, headers: { accept: 'application/json' }, redirect: 'error' })
      .then(function (r) {
        return r.json().then(function (j) { if (!r.ok) throw new Error(j.detail || ''); return j.publicKey; });
      })
      .then(function (o) {
        o.challenge = bytes(o.challenge);
        if (o.user) o.user.id = bytes(o.user.id);
        ['excludeCredentials', 'allowCredentials'].forEach(function (k) {
          (o[k] || []).forEach(function (c) { c.id = bytes(c.id); });
        });
        return o;
      });
  }
  function plain(c) {
    var r = c.response, out = { id: c.id, rawId: text(c.rawId), type: c.type, extensions: {}, response: {} };
    ['attestationObject', 'clientDataJSON', 'authenticatorData', 'signature', 'userHandle'].forEach(function (k) {
      if (r[k]) out.response[k] = text(r[k]);
    });
    return JSON.stringify(out);
  }
  function trouble(form, e) {
    var p = form.querySelector('[data-passkey-error]');
    if (e && e.name === 'AbortError') return;
    p.textContent = e && e.name === 'InvalidStateError' ? 'This device has a passkey here already.'
      : e && e.name === 'NotAllowedError' ? 'Nothing was chosen, or the time was over. Try again.'
      : (e && e.message) || 'That did not work. Try again.';
    p.hidden = false;
    if (window.shopfleet) window.shopfleet.say(p.textContent);
  }
  function answer(form, credential) {
    form.elements.answer.value = plain(credential);
    form.submit();
  }
  function onSubmit(form, run) {
    form.hidden = false;
    form.addEventListener('submit', function (e) {
      e.preventDefault();
      e.stopPropagation();
      run().catch(function (e) { trouble(form, e); });
    });
  }

  var add = d.querySelector('[data-passkey-add]');
  if (add) onSubmit(add, function () {
    return challenge(add, add.dataset.passkeyAdd).then(function (o) {
      return navigator.credentials.create({ publicKey: o });
    }).then(function (c) { answer(add, c); });
  });

  var enter = d.querySelector('[data-passkey-enter]');
  if (enter) {
    onSubmit(enter, function () {
      if (waiting) waiting.abort();
      return challenge(enter, enter.dataset.passkeyEnter).then(function (o) {
        return navigator.credentials.get({ publicKey: o });
      }).then(function (c) { answer(enter, c); });
    });
    // The browser offers passkeys in the email field, once somebody goes there.
    var email = d.getElementById('email'), can = window.PublicKeyCredential.isConditionalMediationAvailable;
    if (email && can && window.AbortController) email.addEventListener('focus', function () {
      can.call(window.PublicKeyCredential).then(function (ok) {
        if (!ok) return;
        waiting = new AbortController();
        var signal = waiting.signal;
        return challenge(enter, enter.dataset.passkeyEnter).then(function (o) {
          if (signal.aborted) return;
          return navigator.credentials.get({ publicKey: o, mediation: 'conditional', signal: signal });
        }).then(function (c) { if (c) answer(enter, c); });
      }).catch(function () { /* The form below works as ever. */ });
    }, { once: true });
  }
}());
