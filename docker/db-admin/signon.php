<?php
/* phpMyAdmin asks here for the database account; guard.php has let this request pass. */
function get_login_credentials($user)
{
    $access = sf_access();
    return [$access['user'], $access['password']];
}
