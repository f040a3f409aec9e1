<?php
/*
 * Takes out of the template's database what every shop would otherwise carry or share: transients,
 * logs, and everything secret or unique. Straight to the database, so that no cache stands between.
 * Prints what is installed as JSON for the manifest.
 */
require '/srv/config/secrets.php';
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
$db = new mysqli('db', 'shop', DB_PASSWORD, 'shop');
$secret = ['auth_key', 'secure_auth_key', 'logged_in_key', 'nonce_key', 'auth_salt', 'secure_auth_salt',
    'logged_in_salt', 'nonce_salt', 'secret_key', 'recovery_keys', 'woocommerce_store_id', 'woocommerce_share_key',
    'woocommerce_remote_variant_assignment', 'woocommerce_helper_data', 'jetpack_options', 'jetpack_private_options',
    'cron_lock', 'recently_edited', 'recently_activated', 'auto_core_update_notified', 'dismissed_update_core',
    'woocommerce_admin_install_timestamp', 'wc_admin_install_timestamp', 'finished_updating_comment_type'];
$db->query("DELETE FROM wp_options WHERE option_name IN ('" . implode("','", $secret) . "')");
$db->query("DELETE FROM wp_options WHERE option_name LIKE '\\_transient\\_%' OR option_name LIKE '\\_site\\_transient\\_%'");
/* Settings in PHP's packed form that carry the template's address: plugins make their defaults again, with
 * the shop's own. Plain values are replaced by the branding. */
$db->query("DELETE FROM wp_options WHERE option_value LIKE 'a:%template.invalid%' OR option_value LIKE 'O:%template.invalid%'");
$db->query("DELETE FROM wp_usermeta WHERE meta_key IN ('session_tokens', 'community-events-location', '_woocommerce_persistent_cart_1', 'wc_last_active')");
/* No hash can match this, whatever the password. */
$db->query("UPDATE wp_users SET user_pass = '!', user_activation_key = ''");
foreach (['wp_actionscheduler_logs', 'wp_woocommerce_sessions', 'wp_woocommerce_log', 'wp_woocommerce_api_keys', 'wp_wc_admin_note_actions', 'wp_wc_admin_notes'] as $table) {
    if ($db->query("SHOW TABLES LIKE '$table'")->num_rows) {
        $db->query("TRUNCATE TABLE `$table`");
    }
}
if ($db->query("SHOW TABLES LIKE 'wp_actionscheduler_actions'")->num_rows) {
    $db->query("DELETE FROM wp_actionscheduler_actions WHERE status IN ('complete', 'failed', 'canceled')");
}
$tables = [];
foreach ($db->query('SHOW TABLES') as $row) {
    $tables[] = current($row);
}
/* Compact what the deletions left. */
foreach (['wp_options', 'wp_posts', 'wp_postmeta', 'wp_usermeta'] as $table) {
    $db->query("ALTER TABLE `$table` ENGINE=InnoDB");
}
require '/srv/wordpress/wp-includes/version.php';
$plugin = '/srv/wordpress/wp-content/plugins/woocommerce/woocommerce.php';
$commerce = null;
if (is_file($plugin) && preg_match('/^\s*\*\s*Version:\s*(\S+)/m', (string) file_get_contents($plugin), $m)) {
    $commerce = $m[1];
}
echo json_encode(['wordpress' => $wp_version, 'woocommerce' => $commerce, 'php' => PHP_VERSION,
    'mariadb' => $db->server_info, 'tables' => count($tables)]), "\n";
