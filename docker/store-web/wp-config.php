<?php
/*
 * Fixed part of every shop's configuration; it is in the image and read-only. What belongs to one
 * shop (database password, keys, salts, addresses) comes from /srv/config/secrets.php.
 */
require '/srv/config/secrets.php';
require '/srv/shopfleet/early.php';

define('DB_NAME', 'shop');
define('DB_USER', 'shop');
define('DB_HOST', 'db');
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
$table_prefix = 'wp_';

define('WP_REDIS_HOST', 'redis');

/* Core comes with the image: it is replaced by a new image, never from inside the shop. */
define('WP_AUTO_UPDATE_CORE', false);
define('DISALLOW_FILE_EDIT', true);
define('FS_METHOD', 'direct');
define('DISABLE_WP_CRON', true); /* the container's init runs it */
define('WP_MEMORY_LIMIT', '128M');
define('WP_MAX_MEMORY_LIMIT', '256M');
define('WP_DEBUG', false);
define('WP_TEMP_DIR', '/tmp');
define('WP_POST_REVISIONS', 10);
if (!defined('WP_ENVIRONMENT_TYPE')) {
    define('WP_ENVIRONMENT_TYPE', 'production');
}

if (!defined('ABSPATH')) {
    define('ABSPATH', __DIR__ . '/');
}
require_once ABSPATH . 'wp-settings.php';
