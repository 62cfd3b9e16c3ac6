#!lua flags=allow-oom
-- May this trace be scored? At most so many in any 60 seconds, all tenants together and one alone. Asked again for the same
-- trace (a lost answer, a second attempt), the answer of before stands.
-- KEYS: 1 zset of traces by time, 2 the same of its tenant; ARGV: 1 member, 2 limit, 3 limit of one tenant
-- Answer: 1 admitted, 0 refused
local now = now_ms()
for i = 1, 2 do redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now - 60000) end
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 1 end
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) or redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[3]) then return 0 end
for i = 1, 2 do
  redis.call('ZADD', KEYS[i], now, ARGV[1])
  redis.call('PEXPIRE', KEYS[i], 60000)
end
return 1
