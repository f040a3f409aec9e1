<?php
/*
 * phpMyAdmin of one shop: one server, the shop's own, log-in with its database account. Links are
 * relative to the address the edge tells (X-Forwarded-Prefix), so it works behind a port or a path.
 * The cookie key lives in the container's memory and dies with it.
 */
$key = '/run/cookie-key';
if (!is_file($key)) {
    @file_put_contents($key . '.' . getmypid(), random_bytes(32));
    @link($key . '.' . getmypid(), $key); /* first one wins */
    @unlink($key . '.' . getmypid());
}
$cfg['blowfish_secret'] = (string) file_get_contents($key);
$i = 1;
$cfg['Servers'][$i]['auth_type'] = 'cookie';
$cfg['Servers'][$i]['host'] = 'db';
$cfg['Servers'][$i]['compress'] = false;
$cfg['Servers'][$i]['AllowNoPassword'] = false;
$cfg['Servers'][$i]['AllowRoot'] = false;
$cfg['Servers'][$i]['hide_db'] = '^(information_schema|performance_schema|mysql|sys)$';
$cfg['AllowArbitraryServer'] = false;
$cfg['LoginCookieValidity'] = 1800;
$cfg['TempDir'] = '/tmp';
$cfg['UploadDir'] = '';
$cfg['SaveDir'] = '';
$cfg['VersionCheck'] = false;
$cfg['SendErrorReports'] = 'never';
$cfg['PmaNoRelation_DisableWarning'] = true;
$cfg['ShowPhpInfo'] = false;
$prefix = $_SERVER['HTTP_X_FORWARDED_PREFIX'] ?? '';
if (preg_match('#^(?:/[A-Za-z0-9._-]+)+/?$#', $prefix)) {
    $cfg['PmaAbsoluteUri'] = rtrim($prefix, '/') . '/';
}
