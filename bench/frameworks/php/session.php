<?php
// Sessions of phpredis, with its lock.
ini_set('session.save_handler', 'redis');
ini_set('session.save_path', str_replace('redis://', 'tcp://', getenv('REDIS_URL')));
ini_set('session.use_cookies', '0');
ini_set('session.cache_limiter', '');
for ($i = 0; $i < 3; $i++) {
    session_id(bin2hex(random_bytes(16)));
    session_start();
    $_SESSION['seen'] = 1;
    session_write_close();
}
ini_set('redis.session.locking_enabled', '1');
session_id(bin2hex(random_bytes(16)));
session_start();
$_SESSION['seen'] = 1;
fwrite(STDOUT, 'ready ' . phpversion('redis') . "\n");
fflush(STDOUT);
stream_get_contents(STDIN);
