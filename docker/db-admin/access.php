<?php
/*
 * What the scripts beside this one share: the worker's file, the session of our own, and the page
 * for those who may not. A session is a file in the container's memory, named by the hash of the
 * cookie's value; its time of change is its last use, its content when it began.
 */
const SF_ACCESS_FILE = '/srv/db-admin/config/access.json';
const SF_STATE = '/srv/db-admin/state';
const SF_SESSIONS = '/run/sessions';
/* Nobody works through a night and a day without a break. */
const SF_LONGEST_SESSION = 43200;

function sf_access(): array
{
    $access = json_decode((string) @file_get_contents(SF_ACCESS_FILE), true);
    return is_array($access) ? $access : ['idle_seconds' => 0, 'panel' => '', 'secure' => true, 'user' => '', 'password' => ''];
}

function sf_cookie(array $access): string
{
    return $access['secure'] ? '__Host-sf_database' : 'sf_database';
}

function sf_set_cookie(array $access, string $value): void
{
    setcookie(sf_cookie($access), $value, [
        'expires' => $value === '' ? 1 : 0, 'path' => '/', 'secure' => $access['secure'],
        'httponly' => true, 'samesite' => 'Lax',
    ]);
}

/* The session's file, or '' when there is none that may be used. */
function sf_session(array $access): string
{
    $value = $_COOKIE[sf_cookie($access)] ?? '';
    if (!is_string($value) || !preg_match('/^[0-9a-f]{64}$/D', $value)) {
        return '';
    }
    $file = SF_SESSIONS . '/' . hash('sha256', $value);
    clearstatcache();
    $used = @filemtime($file);
    if ($used === false) {
        return '';
    }
    $now = time();
    if ($now - $used > $access['idle_seconds'] || $now - (int) @file_get_contents($file) > SF_LONGEST_SESSION) {
        @unlink($file);
        return '';
    }
    return $file;
}

function sf_refuse(array $access, int $status, string $words): never
{
    http_response_code($status);
    header('Content-Type: text/html; charset=utf-8');
    header('Cache-Control: no-store');
    header("Content-Security-Policy: default-src 'none'; base-uri 'none'; frame-ancestors 'none'");
    header('X-Content-Type-Options: nosniff');
    header('Referrer-Policy: no-referrer');
    $panel = htmlspecialchars($access['panel'], ENT_QUOTES);
    $link = $panel === '' ? '' : "<p><a href=\"$panel/dashboard/database\">Open it from your panel</a></p>";
    echo '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        . "<title>Database page</title><h1>Database page</h1><p>$words</p>$link</html>";
    exit;
}
