<?php
/*
 * Installs the template's shop with WordPress' own installer. Run by build.py inside the web
 * container, in two calls because WooCommerce is loaded only by the request after its activation:
 *   php install.php core | php install.php commerce
 */
$part = $argv[1] ?? '';
$_SERVER['REQUEST_URI'] = '/';
if ($part === 'core') {
    define('WP_INSTALLING', true);
    function wp_new_blog_notification() {} /* no mail about the template */
}
require '/srv/wordpress/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';
require_once ABSPATH . 'wp-admin/includes/file.php';

function page(string $title, string $slug, string $content): int
{
    $id = wp_insert_post(['post_title' => $title, 'post_name' => $slug, 'post_content' => $content,
        'post_type' => 'page', 'post_status' => 'publish', 'post_author' => 1, 'comment_status' => 'closed'], true);
    if (is_wp_error($id)) {
        throw new RuntimeException($id->get_error_message());
    }
    return $id;
}

if ($part === 'core') {
    $result = wp_install('Template', 'template', 'owner@template.invalid', true, '', wp_generate_password(32));
    if ((int) $result['user_id'] !== 1) {
        throw new RuntimeException('the first account is not number 1');
    }
    /* The installer's samples are not a shop's content. */
    foreach (get_posts(['post_type' => ['post', 'page'], 'post_status' => 'any', 'numberposts' => -1]) as $post) {
        wp_delete_post($post->ID, true);
    }
    global $wp_rewrite;
    update_option('permalink_structure', '/%postname%/');
    $wp_rewrite->init();
    $theme = WP_Theme::get_core_default_theme();
    if ($theme && $theme->exists()) {
        switch_theme($theme->get_stylesheet());
    }
    update_option('default_comment_status', 'closed');
    update_option('default_ping_status', 'closed');
    update_option('blogdescription', '');
    update_option('timezone_string', 'UTC');
    update_option('show_on_front', 'page');
    update_option('page_on_front', page('Welcome', 'welcome',
        "<!-- wp:paragraph -->\n<p>Welcome! This shop has just opened; its first products arrive soon.</p>\n<!-- /wp:paragraph -->"));
    flush_rewrite_rules(false);
    if (is_file(WP_PLUGIN_DIR . '/woocommerce/woocommerce.php')) {
        $error = activate_plugin('woocommerce/woocommerce.php', '', false, false);
        if (is_wp_error($error)) {
            throw new RuntimeException($error->get_error_message());
        }
    }
    wp_cache_flush(); /* the installer updates options behind the cache */
    exit(0);
}

if ($part === 'commerce' && is_file(WP_PLUGIN_DIR . '/woocommerce/woocommerce.php')) {
    if (!class_exists('WooCommerce')) {
        throw new RuntimeException('WooCommerce is there but not active');
    }
    WC_Install::install();
    WC_Install::create_pages();
    WC_Install::maybe_enable_hpos();
    update_option('woocommerce_coming_soon', 'no');
    update_option('woocommerce_store_pages_only', 'no');
    update_option('woocommerce_onboarding_profile', ['skipped' => true]);
    update_option('woocommerce_task_list_hidden', 'yes');
    update_option('woocommerce_allow_tracking', 'no');
    update_option('woocommerce_show_marketplace_suggestions', 'no');
    delete_transient('_wc_activation_redirect');
    wp_update_post(['ID' => (int) get_option('page_on_front'), 'post_content' =>
        "<!-- wp:paragraph -->\n<p>Welcome! This shop has just opened; its first products arrive soon.</p>\n<!-- /wp:paragraph -->\n\n"
        . "<!-- wp:shortcode -->\n[products limit=\"8\" columns=\"4\"]\n<!-- /wp:shortcode -->"]);
    flush_rewrite_rules(false);
    /* What activation queued is done here, not on the customer's clock. */
    if (class_exists('ActionScheduler_QueueRunner')) {
        for ($i = 0; $i < 5; $i++) {
            ActionScheduler_QueueRunner::instance()->run('template');
        }
    }
    wp_cache_flush();
}
