#!lua flags=allow-oom
-- Forgets outbox records that the backend has. KEYS: 1 outbox zset, 2 outbox hash; ARGV: ids
each(ARGV, 1000, function(...)
  call('ZREM', KEYS[1], ...)
  call('HDEL', KEYS[2], ...)
end)
return 1
