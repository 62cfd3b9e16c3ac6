#!lua flags=allow-oom
-- Parents that open traces look for, newest first; those that nobody wants any more go. KEYS: 1 wanted; ARGV: 1 limit, 2 grace_ms
call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now_ms() - ARGV[2])
return call('ZREVRANGE', KEYS[1], 0, ARGV[1] - 1)
