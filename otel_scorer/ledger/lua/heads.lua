-- Adds heads of spans that were passed on, to a trace that is still open.
-- KEYS: 1 trace hash, 2 heads string, 3 due, 4 lease, 5 wanted
-- ARGV: 1 member, 2 heads, 3 quiet_ms, 4 found, then so many span ids no longer wanted, then those of parents wanted from now on
if redis.call('HGET', KEYS[1], 'm:state') ~= 'open' then return 0 end
redis.call('APPEND', KEYS[2], ARGV[2])
local now, found = now_ms(), tonumber(ARGV[4])
for i = 5, 4 + found do redis.call('ZREM', KEYS[5], ARGV[1] .. '/' .. ARGV[i]) end
for i = 5 + found, #ARGV do want(KEYS[5], ARGV[1], ARGV[i], now + ARGV[3]) end
local last = tonumber(redis.call('HGET', KEYS[1], 'm:last'))
arm(KEYS[3], KEYS[4], KEYS[1], ARGV[1], math.max(now, last + tonumber(ARGV[3])))
return 1
