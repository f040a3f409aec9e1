<?php
/**
 * Plugin Name: Shopfleet object cache
 * Description: Keeps WordPress' object cache in the store's own Redis. Without Redis the shop works, only slower.
 * Version: 1.0
 *
 * Non-persistent groups and every value already read stay in this request's memory. A value is
 * kept in Redis under "{blog}:{group}:{key}", serialized by PHP. When Redis cannot be reached the
 * request goes on with its own memory alone; nothing is tried twice in one request.
 */
defined('ABSPATH') || exit;

function wp_cache_init() { $GLOBALS['wp_object_cache'] = new WP_Object_Cache(); }
function wp_cache_add($key, $data, $group = '', $expire = 0) { return $GLOBALS['wp_object_cache']->add($key, $data, $group, (int) $expire); }
function wp_cache_add_multiple(array $data, $group = '', $expire = 0) { $r = []; foreach ($data as $k => $v) { $r[$k] = wp_cache_add($k, $v, $group, $expire); } return $r; }
function wp_cache_replace($key, $data, $group = '', $expire = 0) { return $GLOBALS['wp_object_cache']->replace($key, $data, $group, (int) $expire); }
function wp_cache_set($key, $data, $group = '', $expire = 0) { return $GLOBALS['wp_object_cache']->set($key, $data, $group, (int) $expire); }
function wp_cache_set_multiple(array $data, $group = '', $expire = 0) { $r = []; foreach ($data as $k => $v) { $r[$k] = wp_cache_set($k, $v, $group, $expire); } return $r; }
function wp_cache_get($key, $group = '', $force = false, &$found = null) { return $GLOBALS['wp_object_cache']->get($key, $group, $force, $found); }
function wp_cache_get_multiple($keys, $group = '', $force = false) { return $GLOBALS['wp_object_cache']->get_multiple($keys, $group, $force); }
function wp_cache_delete($key, $group = '') { return $GLOBALS['wp_object_cache']->delete($key, $group); }
function wp_cache_delete_multiple(array $keys, $group = '') { $r = []; foreach ($keys as $k) { $r[$k] = wp_cache_delete($k, $group); } return $r; }
function wp_cache_incr($key, $offset = 1, $group = '') { return $GLOBALS['wp_object_cache']->step($key, (int) $offset, $group); }
function wp_cache_decr($key, $offset = 1, $group = '') { return $GLOBALS['wp_object_cache']->step($key, -(int) $offset, $group); }
function wp_cache_flush() { return $GLOBALS['wp_object_cache']->flush(); }
function wp_cache_flush_runtime() { return $GLOBALS['wp_object_cache']->flush_runtime(); }
function wp_cache_flush_group($group) { return $GLOBALS['wp_object_cache']->flush_group($group); }
function wp_cache_supports($feature) { return in_array($feature, ['add_multiple', 'set_multiple', 'get_multiple', 'delete_multiple', 'flush_runtime', 'flush_group'], true); }
function wp_cache_close() { return $GLOBALS['wp_object_cache']->close(); }
function wp_cache_add_global_groups($groups) { $GLOBALS['wp_object_cache']->add_global_groups((array) $groups); }
function wp_cache_add_non_persistent_groups($groups) { $GLOBALS['wp_object_cache']->add_non_persistent_groups((array) $groups); }
function wp_cache_switch_to_blog($blog_id) { $GLOBALS['wp_object_cache']->switch_to_blog((int) $blog_id); }
function wp_cache_reset() {}

#[AllowDynamicProperties]
class WP_Object_Cache
{
    public $cache_hits = 0;
    public $cache_misses = 0;
    private $redis = null;
    private $memory = [];
    private $global_groups = [];
    private $local_groups = ['counts' => true, 'plugins' => true, 'themes' => true];
    private $blog;

    public function __construct()
    {
        $this->blog = is_multisite() ? get_current_blog_id() : 1;
        if (!class_exists('Redis')) {
            return;
        }
        try {
            $redis = new Redis();
            $redis->connect(defined('WP_REDIS_HOST') ? WP_REDIS_HOST : 'redis', 6379, 0.3, null, 0, 0.5);
            $redis->setOption(Redis::OPT_SERIALIZER, Redis::SERIALIZER_PHP);
            $this->redis = $redis;
        } catch (Throwable $e) {
            $this->lost($e);
        }
    }

    private function lost(Throwable $e)
    {
        $this->redis = null;
        error_log('object cache: Redis is not available, going on without it: ' . $e->getMessage());
    }

    /** Runs $work with Redis; null when it cannot be reached. */
    private function with(callable $work)
    {
        if ($this->redis === null) {
            return null;
        }
        try {
            return $work($this->redis);
        } catch (Throwable $e) {
            $this->lost($e);
            return null;
        }
    }

    private function name($key, $group)
    {
        $group = $group === '' || $group === null ? 'default' : $group;
        return (isset($this->global_groups[$group]) ? 0 : $this->blog) . ':' . $group . ':' . $key;
    }

    private function shared($group)
    {
        return $this->redis !== null && !isset($this->local_groups[$group === '' || $group === null ? 'default' : $group]);
    }

    private static function copy($data)
    {
        return is_object($data) ? clone $data : $data;
    }

    private static function valid($key)
    {
        return is_int($key) || (is_string($key) && trim($key) !== '');
    }

    public function add($key, $data, $group = '', $expire = 0)
    {
        if (!self::valid($key) || (function_exists('wp_suspend_cache_addition') && wp_suspend_cache_addition())) {
            return false;
        }
        $name = $this->name($key, $group);
        if (array_key_exists($name, $this->memory)) {
            return false;
        }
        if ($this->shared($group)) {
            $options = $expire > 0 ? ['nx', 'ex' => $expire] : ['nx'];
            $done = $this->with(static fn($r) => $r->set($name, $data, $options));
            if ($done === false) {
                return false;
            }
        }
        $this->memory[$name] = self::copy($data);
        return true;
    }

    public function replace($key, $data, $group = '', $expire = 0)
    {
        $this->get($key, $group, false, $found);
        return $found && $this->set($key, $data, $group, $expire);
    }

    public function set($key, $data, $group = '', $expire = 0)
    {
        if (!self::valid($key)) {
            return false;
        }
        $name = $this->name($key, $group);
        if ($this->shared($group)) {
            $this->with(static fn($r) => $expire > 0 ? $r->setex($name, $expire, $data) : $r->set($name, $data));
        }
        $this->memory[$name] = self::copy($data);
        return true;
    }

    public function get($key, $group = '', $force = false, &$found = null)
    {
        $found = false;
        if (!self::valid($key)) {
            return false;
        }
        $name = $this->name($key, $group);
        if (array_key_exists($name, $this->memory) && (!$force || !$this->shared($group))) {
            $found = true;
            $this->cache_hits++;
            return self::copy($this->memory[$name]);
        }
        if ($this->shared($group)) {
            $value = $this->with(static fn($r) => $r->get($name));
            /* A stored "false" looks like a miss; ask only in that case. */
            if ($value !== null && ($value !== false || $this->with(static fn($r) => $r->exists($name)))) {
                $found = true;
                $this->cache_hits++;
                $this->memory[$name] = $value;
                return self::copy($value);
            }
        }
        $this->cache_misses++;
        return false;
    }

    public function get_multiple($keys, $group = '', $force = false)
    {
        $values = [];
        $ask = [];
        foreach ($keys as $key) {
            $name = $this->name($key, $group);
            if (self::valid($key) && $this->shared($group) && ($force || !array_key_exists($name, $this->memory))) {
                $ask[$name] = $key;
            }
        }
        if ($ask) {
            $names = array_keys($ask);
            $answers = $this->with(static fn($r) => $r->mget($names));
            if (is_array($answers)) {
                foreach ($names as $i => $name) {
                    if ($answers[$i] !== false) {
                        $this->memory[$name] = $answers[$i];
                    }
                }
            }
        }
        foreach ($keys as $key) {
            $name = $this->name($key, $group);
            $hit = self::valid($key) && array_key_exists($name, $this->memory);
            $hit ? $this->cache_hits++ : $this->cache_misses++;
            $values[$key] = $hit ? self::copy($this->memory[$name]) : false;
        }
        return $values;
    }

    public function delete($key, $group = '')
    {
        if (!self::valid($key)) {
            return false;
        }
        $name = $this->name($key, $group);
        $had = array_key_exists($name, $this->memory);
        unset($this->memory[$name]);
        if ($this->shared($group)) {
            return (bool) $this->with(static fn($r) => $r->del($name)) || $had;
        }
        return $had;
    }

    public function step($key, $offset, $group = '')
    {
        $value = $this->get($key, $group, true, $found);
        if (!$found) {
            return false;
        }
        $value = max(0, (is_numeric($value) ? (int) $value : 0) + $offset);
        $name = $this->name($key, $group);
        if ($this->shared($group)) {
            $this->with(static function ($r) use ($name, $value) {
                $ttl = $r->ttl($name);
                return $ttl > 0 ? $r->setex($name, $ttl, $value) : $r->set($name, $value);
            });
        }
        $this->memory[$name] = $value;
        return $value;
    }

    public function flush()
    {
        $this->memory = [];
        $this->with(static fn($r) => $r->flushDb(true));
        return true;
    }

    public function flush_runtime()
    {
        $this->memory = [];
        return true;
    }

    public function flush_group($group)
    {
        $prefix = $this->name('', $group);
        foreach (array_keys($this->memory) as $name) {
            if (str_starts_with($name, $prefix)) {
                unset($this->memory[$name]);
            }
        }
        $this->with(static function ($r) use ($prefix) {
            $r->setOption(Redis::OPT_SCAN, Redis::SCAN_RETRY);
            $at = null;
            $pattern = addcslashes($prefix, '*?[]\\^') . '*';
            while (($names = $r->scan($at, $pattern, 500)) !== false) {
                if ($names) {
                    $r->unlink($names);
                }
            }
        });
        return true;
    }

    public function close()
    {
        $this->with(static fn($r) => $r->close());
        return true;
    }

    public function add_global_groups(array $groups)
    {
        $this->global_groups += array_fill_keys($groups, true);
    }

    public function add_non_persistent_groups(array $groups)
    {
        $this->local_groups += array_fill_keys($groups, true);
    }

    public function switch_to_blog($blog_id)
    {
        $this->blog = is_multisite() ? $blog_id : 1;
    }

    public function stats()
    {
        echo '<p>Hits: ' . (int) $this->cache_hits . ', misses: ' . (int) $this->cache_misses . '</p>';
    }
}
