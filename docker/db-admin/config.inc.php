<?php
/*
 * phpMyAdmin of one shop: one server, the shop's own, one database. Who gets as far as this file has
 * passed guard.php; the database account comes from signon.php. Keys and sessions live in the
 * container's memory and die with it.
 */
$key = '/run/cookie-key';
if (!is_file($key)) {
    @file_put_contents($key . '.' . getmypid(), random_bytes(32));
    @link($key . '.' . getmypid(), $key); /* first one wins */
    @unlink($key . '.' . getmypid());
}
$cfg['blowfish_secret'] = (string) file_get_contents($key);
$i = 1;
$cfg['Servers'][$i]['auth_type'] = 'signon';
$cfg['Servers'][$i]['SignonScript'] = '/srv/shopfleet/signon.php';
$cfg['Servers'][$i]['SignonURL'] = '/leave';
$cfg['Servers'][$i]['LogoutURL'] = '/leave';
$cfg['Servers'][$i]['host'] = 'db';
$cfg['Servers'][$i]['compress'] = false;
$cfg['Servers'][$i]['AllowNoPassword'] = false;
$cfg['Servers'][$i]['AllowRoot'] = false;
$cfg['Servers'][$i]['only_db'] = 'shop';
$cfg['Servers'][$i]['hide_db'] = '^(information_schema|performance_schema|mysql|sys)$';
$cfg['AllowArbitraryServer'] = false;
$cfg['LoginCookieValidity'] = sf_access()['idle_seconds'];
$cfg['CookieSameSite'] = 'Lax';
$cfg['TempDir'] = '/tmp';
$cfg['UploadDir'] = '';
$cfg['SaveDir'] = '';
$cfg['VersionCheck'] = false;
$cfg['SendErrorReports'] = 'never';
$cfg['PmaNoRelation_DisableWarning'] = true;
$cfg['ShowPhpInfo'] = false;
$cfg['ShowServerInfo'] = false;
