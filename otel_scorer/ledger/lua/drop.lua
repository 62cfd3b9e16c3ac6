#!lua flags=allow-oom
-- Forgets a claimed trace that has no spans: log records whose spans never came.
-- KEYS: 1 trace hash, 2 held zset, 3 heads, 4 lease, 5 bytes counter, 6 due; ARGV: 1 member, 2 fence
local t = KEYS[1]
if not holds_fence(t, ARGV[2]) then return 0 end
redis.call('ZREM', KEYS[4], ARGV[1])
if tonumber(redis.call('HGET', t, 'm:n')) > 0 then
  redis.call('ZADD', KEYS[6], now_ms(), ARGV[1])
  return 0
end
redis.call('DECRBY', KEYS[5], redis.call('HGET', t, 'm:bytes'))
redis.call('UNLINK', t, KEYS[2], KEYS[3])
return 1
