<?php
/*
 * Takes a ticket of the panel, posted by the owner's browser: 64 hex digits whose hash is the name
 * of a file that the worker wrote; the file says until when. Removing the file is what uses it up,
 * and only one request can do that.
 */
require_once '/srv/shopfleet/access.php';
$access = sf_access();
$ticket = $_POST['ticket'] ?? '';
if ($_SERVER['REQUEST_METHOD'] !== 'POST' || !is_string($ticket) || !preg_match('/^[0-9a-f]{64}$/D', $ticket)) {
    sf_refuse($access, 403, 'This page opens from your panel only.');
}
$tickets = SF_STATE . '/tickets';
$file = $tickets . '/' . hash('sha256', $ticket);
$until = (int) @file_get_contents($file);
if (!@unlink($file) || $until < time()) {
    sf_refuse($access, 403, 'This way in was used before, or is older than a minute.');
}
foreach (array_slice((array) @scandir($tickets), 0, 200) as $name) {
    if (preg_match('/^[0-9a-f]{64}$/D', (string) $name) && (int) @file_get_contents("$tickets/$name") < time()) {
        @unlink("$tickets/$name");
    }
}
if (!is_dir(SF_SESSIONS)) {
    @mkdir(SF_SESSIONS, 0700);
}
$old = sf_session($access);
if ($old !== '') {
    @unlink($old);
}
$value = bin2hex(random_bytes(32));
if (file_put_contents(SF_SESSIONS . '/' . hash('sha256', $value), (string) time()) === false) {
    sf_refuse($access, 503, 'There is no room for another visitor right now. Try again in a minute.');
}
touch(SF_STATE . '/used');
sf_set_cookie($access, $value);
header('Cache-Control: no-store');
header('Referrer-Policy: no-referrer');
header('Location: /', true, 303);
