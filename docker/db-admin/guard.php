<?php
/*
 * PHP runs this before every script: without a session of ours nothing of phpMyAdmin is reached.
 * Only the two scripts of the door itself are let through.
 */
require_once '/srv/shopfleet/access.php';
if (!in_array($_SERVER['SCRIPT_FILENAME'] ?? '', ['/srv/shopfleet/enter.php', '/srv/shopfleet/leave.php'], true)) {
    $sf_access = sf_access();
    $sf_file = sf_session($sf_access);
    if ($sf_file === '') {
        sf_refuse($sf_access, 403, 'This page opens from your panel only. If you were here before, you were away for too long.');
    }
    /* The page's own question "is the session still good?" is no use by a person. */
    if (!isset($_POST['access_time']) && !isset($_GET['access_time'])) {
        touch($sf_file);
        touch(SF_STATE . '/used');
    }
    unset($sf_access, $sf_file);
}
