#!lua flags=allow-oom
-- Journal of a bypass: these spans of the trace were forwarded while the ledger was away. They are not sent again.
-- KEYS: 1 trace hash, 2 held zset, 3 tombstone, 4 history stream, 5 due, 6 lease, 7 held counter, 8 bytes of the stream, 9 lost records counter
-- ARGV: 1 member, 2 decision, 3 record, 4 tombstone_ms, 5 stream limit, 6 stream bytes limit, 7.. keys
-- Answer: spans that were held and are not any more
local t, a = KEYS[1], KEYS[2]
local dropped = 0
local keys = {}
for i = 7, #ARGV do keys[#keys + 1] = ARGV[i] end
local known = redis.call('EXISTS', KEYS[3]) == 1
if redis.call('EXISTS', t) == 1 then
  for _, key in ipairs(keys) do
    dropped = dropped + redis.call('ZREM', a, key)
    redis.call('HSETNX', t, 's' .. key, '')
  end
  if dropped > 0 then redis.call('DECRBY', KEYS[7], dropped) end
  if not known then
    redis.call('HSET', t, 'm:bypassed', 1)
    redis.call('HINCRBY', t, 'm:exported', dropped)
    return dropped
  end
end
if not known then add_record(KEYS[4], KEYS[8], KEYS[9], ARGV[3], '', ARGV[5], ARGV[6]) end
bury(KEYS[3], ARGV[2], keys, ARGV[4])
return dropped
