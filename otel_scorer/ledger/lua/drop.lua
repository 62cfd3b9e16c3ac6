#!lua flags=allow-oom
-- Forgets a claimed trace that has no spans: log records whose spans never came.
-- KEYS: 1 trace hash, 2 held zset, 3 heads, 4 index, 5 lease, 6 bytes counter, 7 due; ARGV: 1 member, 2 fence
local m = call('HMGET', KEYS[1], 'm:fence', 'm:n', 'm:bytes')
if m[1] ~= ARGV[2] then return 0 end
call('ZREM', KEYS[5], ARGV[1])
if tonumber(m[2]) > 0 then
  call('ZADD', KEYS[7], now_ms(), ARGV[1])
  return 0
end
call('DECRBY', KEYS[6], m[3])
call('UNLINK', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
return 1
