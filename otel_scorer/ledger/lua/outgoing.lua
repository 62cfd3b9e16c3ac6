#!lua flags=allow-oom
-- Takes outbox records that are due; they are due again after a lease, so a sender that dies loses none, and no two send the same.
-- KEYS: 1 outbox zset, 2 outbox hash; ARGV: 1 now_ms, 2 limit, 3 lease_ms
-- Answer: {id, data, ...}
local out = {}
for _, id in ipairs(call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])) do
  local data = call('HGET', KEYS[2], id)
  if data then
    call('ZADD', KEYS[1], ARGV[1] + ARGV[3], id)
    out[#out + 1] = id
    out[#out + 1] = data
  else
    call('ZREM', KEYS[1], id)
  end
end
return out
