<?php
/* Ends the session. Harmless to repeat, so a link is enough. */
require_once '/srv/shopfleet/access.php';
$access = sf_access();
$file = sf_session($access);
if ($file !== '') {
    @unlink($file);
}
sf_set_cookie($access, '');
sf_refuse($access, 200, 'You have left the database page.');
