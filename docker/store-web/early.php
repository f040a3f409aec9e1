<?php
/*
 * Runs before WordPress: the shop's address is the configured one, whatever the request says, and
 * a few hooks that belong to the host rather than to the shop.
 */
(static function (): void {
    $home = parse_url(WP_HOME);
    $https = ($home['scheme'] ?? 'http') === 'https';
    $forwarded = $_SERVER['HTTP_X_FORWARDED_PROTO'] ?? '';
    if ($forwarded === 'https' || ($forwarded === '' && $https)) {
        $_SERVER['HTTPS'] = 'on';
    } else {
        unset($_SERVER['HTTPS']);
    }
    $_SERVER['SERVER_NAME'] = $home['host'] ?? 'localhost';
    $_SERVER['SERVER_PORT'] = (string) ($home['port'] ?? ($https ? 443 : 80));
    if (PHP_SAPI === 'cli') {
        $_SERVER['HTTP_HOST'] = $_SERVER['SERVER_NAME'] . (isset($home['port']) ? ':' . $home['port'] : '');
        $_SERVER['REMOTE_ADDR'] = '127.0.0.1';
        $_SERVER['REQUEST_METHOD'] = 'GET';
    } else {
        /* Tells the init that somebody is looking, so that scheduled work keeps its usual pace. */
        @touch('/run/active');
    }
})();

/* WordPress builds its hooks from what it finds here. */
$GLOBALS['wp_filter'] = [
    /* Anything scheduled earlier than the next known event moves the init's alarm forward. */
    'schedule_event' => [10 => [['accepted_args' => 1, 'function' => static function ($event) {
        if (is_object($event) && isset($event->timestamp)) {
            $next = (int) @file_get_contents('/run/cron-next');
            if ($next === 0 || $event->timestamp < $next) {
                @file_put_contents('/run/cron-next', (string) (int) $event->timestamp, LOCK_EX);
            }
        }
        return $event;
    }]]],
    /* Core is replaced with the image: offering an update nobody can install would only worry people. */
    'pre_site_transient_update_core' => [10 => [['accepted_args' => 1, 'function' => static function () {
        return (object) ['updates' => [], 'version_checked' => $GLOBALS['wp_version'] ?? '', 'last_checked' => time()];
    }]]],
];
