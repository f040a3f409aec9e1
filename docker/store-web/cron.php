<?php
/*
 * Scheduled work of one shop, started by the container's init at the lowest priority. When it ends
 * it leaves the time of the next event for the init, so that an idle shop starts no PHP at all.
 */
if (PHP_SAPI !== 'cli') {
    http_response_code(404);
    exit;
}
register_shutdown_function(static function (): void {
    $next = time() + 900;
    if (function_exists('_get_cron_array')) {
        foreach ((array) _get_cron_array() as $at => $hooks) {
            if (is_numeric($at) && $hooks) {
                $next = min($next, max((int) $at, time() + 60));
            }
        }
    }
    @file_put_contents('/run/cron-next', (string) $next, LOCK_EX);
});
$_SERVER['REQUEST_URI'] = '/wp-cron.php';
require '/srv/wordpress/wp-cron.php';
