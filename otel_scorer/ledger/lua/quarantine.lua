#!lua flags=allow-oom
-- Puts spans aside, each once; those put aside before the horizon go.
-- KEYS: 1 quarantine hash, 2 times zset; ARGV: 1 horizon_ms, then (id, at_ms, data) triples
for i = 2, #ARGV, 3 do
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 2])
  redis.call('ZADD', KEYS[2], ARGV[i + 1], ARGV[i])
end
each(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1]), 1000, function(...)
  redis.call('HDEL', KEYS[1], ...)
  redis.call('ZREM', KEYS[2], ...)
end)
return 1
