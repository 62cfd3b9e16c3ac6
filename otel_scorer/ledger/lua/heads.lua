-- Adds heads of spans that were passed on, to a trace that is still open.
-- KEYS: 1 trace hash, 2 heads string, 3 due, 4 lease, 5 wanted
-- ARGV: 1 member, 2 heads, 3 quiet_ms, 4 found, then so many span ids no longer wanted, then those of parents wanted from now on
local m = call('HMGET', KEYS[1], 'm:state', 'm:last')
if m[1] ~= 'open' then return 0 end
call('APPEND', KEYS[2], ARGV[2])
call('HSET', KEYS[1], 'm:more', 1)
local now, found = now_ms(), tonumber(ARGV[4])
for i = 5, 4 + found do call('ZREM', KEYS[5], ARGV[1] .. '/' .. ARGV[i]) end
for i = 5 + found, #ARGV do call('ZADD', KEYS[5], 'GT', now + ARGV[3], ARGV[1] .. '/' .. ARGV[i]) end
arm(KEYS[3], KEYS[4], KEYS[1], ARGV[1], math.max(now, m[2] + ARGV[3]))
return 1
