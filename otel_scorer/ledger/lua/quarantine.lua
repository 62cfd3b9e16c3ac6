#!lua flags=allow-oom
-- Puts spans aside, each once; those put aside before the horizon go.
-- KEYS: 1 quarantine hash, 2 times zset; ARGV: 1 horizon_ms, then (id, at_ms, data) triples
for i = 2, #ARGV, 3 do
  call('HSET', KEYS[1], ARGV[i], ARGV[i + 2])
  call('ZADD', KEYS[2], ARGV[i + 1], ARGV[i])
end
each(call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1]), 1000, function(...)
  call('HDEL', KEYS[1], ...)
  call('ZREM', KEYS[2], ...)
end)
return 1
