#!lua flags=allow-oom
-- Writes what a claimant has decided of its trace: meta fields, frozen appendices (the first stays), spans done with; keeps or lets go of the lease.
-- KEYS: 1 trace hash, 2 held zset, 3 due, 4 lease, 5 wanted, 6 waiting, 7 held counter
-- ARGV: 1 member, 2 fence, 3 due_ms or -1 (keep the lease), 4 lease_ms, 5 quiet_ms, 6 metas, 7 appendices, 8 done keys, 9 postponed, 10 wanted, 11 heed holds, then the data;
--       postponed: (new release time, key) pairs; wanted: (expiry_ms, span id) pairs
local t = KEYS[1]
if not holds_fence(t, ARGV[2]) then return 0 end
local now = now_ms()
local at = 12
local function take(count, width, f)
  for i = 1, tonumber(count) do
    f(ARGV[at], ARGV[at + 1])
    at = at + width
  end
end
take(ARGV[6], 2, function(field, value)
  redis.call('HSET', t, 'm:' .. field, value)
  if field == 'state' and value == 'waiting' then redis.call('ZADD', KEYS[6], now, ARGV[1]) end
end)
take(ARGV[7], 2, function(key, bytes) redis.call('HSETNX', t, 'x' .. key, bytes) end)
local done = 0
take(ARGV[8], 1, function(key) done = done + redis.call('ZREM', KEYS[2], key) end)
take(ARGV[9], 2, function(score, key)
  redis.call('ZADD', KEYS[2], 'XX', score, key)
  redis.call('HSET', t, 'p' .. key, 1)
end)
take(ARGV[10], 2, function(expiry, id) redis.call('ZADD', KEYS[5], expiry, ARGV[1] .. '/' .. id) end)
if done > 0 then
  redis.call('HINCRBY', t, 'm:exported', done)
  redis.call('DECRBY', KEYS[7], done)
end

local due = tonumber(ARGV[3])
if due < 0 then
  redis.call('ZADD', KEYS[4], now + tonumber(ARGV[4]), ARGV[1])
  return 1
end
redis.call('ZREM', KEYS[4], ARGV[1])
if redis.call('HGET', t, 'm:dirty') then
  if redis.call('HGET', t, 'm:state') == 'open' and not redis.call('HGET', t, 'm:over') then
    due = math.min(due, math.max(now, tonumber(redis.call('HGET', t, 'm:last')) + tonumber(ARGV[5])))
  else
    due = now
  end
  redis.call('HDEL', t, 'm:dirty')
end
if ARGV[11] == '1' then
  local next = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
  if next[2] then due = math.min(due, tonumber(next[2])) end
end
redis.call('ZADD', KEYS[3], due, ARGV[1])
return 1
