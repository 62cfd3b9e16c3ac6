#!lua flags=allow-oom
-- A worker lives, for so long; those that have been silent for an hour are forgotten. KEYS: 1 workers zset; ARGV: 1 worker, 2 for_ms
local now = now_ms()
call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 3600000)
return 1
