-- Remembers an answer. Expired ones go, then the oldest, until all fit.
-- KEYS: 1 zset of answers by expiry, 2 hash of answers, 3 their bytes; ARGV: 1 name, 2 answer, 3 for_ms, 4 most bytes
-- Answer: how many were forgotten
local now, forgotten = now_ms(), 0

local function forget(name)
  local size = redis.call('HSTRLEN', KEYS[2], name)
  redis.call('HDEL', KEYS[2], name)
  redis.call('ZREM', KEYS[1], name)
  forgotten = forgotten + 1
  return redis.call('DECRBY', KEYS[3], size + #name)
end

for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 200)) do forget(name) end
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then forget(ARGV[1]) end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
local bytes = redis.call('INCRBY', KEYS[3], #ARGV[2] + #ARGV[1])
for _ = 1, 1000 do -- a limit that was lowered must not stall the store
  if bytes <= tonumber(ARGV[4]) then break end
  local oldest = redis.call('ZRANGE', KEYS[1], 0, 0)[1]
  if not oldest then break end
  bytes = forget(oldest)
end
for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], ARGV[3]) end
return forgotten
