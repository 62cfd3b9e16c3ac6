#!lua flags=allow-oom
-- Takes traces that are due, expired leases first, under a new fencing token each.
-- KEYS: 1 due, 2 lease, 3 fence counter; ARGV: 1 limit, 2 lease_ms, 3 trace prefix, 4 held prefix, 5 heads prefix,
--       6 latest_ms: later the claimant has given up waiting for this answer (a store that stood still), so nothing is taken
-- Answer: {now, {member, fence, heads, next release or '', meta...}...}
local now = now_ms()
local limit = tonumber(ARGV[1])
local out = {now}
if now > tonumber(ARGV[6]) then return out end
local function take(member, expired)
  local t = ARGV[3] .. member
  redis.call('ZREM', KEYS[1], member)
  local meta = redis.call('HMGET', t, 'm:state', 'm:first', 'm:last', 'm:n', 'm:bytes', 'm:over', 'm:decision', 'm:record',
    'm:result', 'm:dispatch', 'm:attempts', 'm:worker', 'm:started', 'm:suspect', 'm:bypassed', 'm:sealed', 'm:exported', 'm:kept',
    'm:crashes', 'm:dispatched', 'm:scored', 'm:outbox', 'm:root', 'm:no_rubric')
  if not meta[1] then
    redis.call('ZREM', KEYS[2], member)
    return
  end
  local fence = redis.call('INCR', KEYS[3])
  redis.call('ZADD', KEYS[2], now + tonumber(ARGV[2]), member)
  redis.call('HSET', t, 'm:fence', fence)
  redis.call('HDEL', t, 'm:dirty')
  local next = redis.call('ZRANGE', ARGV[4] .. member, 0, 0, 'WITHSCORES')
  local heads = (meta[1] == 'open' or meta[1] == 'waiting') and redis.call('GET', ARGV[5] .. member) or ''
  out[#out + 1] = {member, fence, heads, next[2] or '', expired, unpack(meta, 1, 24)}
end
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, limit)) do take(member, 1) end
local left = limit - (#out - 1)
if left > 0 then
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, left)) do take(member, 0) end
end
return out
