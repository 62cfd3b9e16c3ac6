#!lua flags=allow-oom
-- Journal of a bypass: these spans of the trace were forwarded while the ledger was away. They are not sent again.
-- KEYS: 1 trace hash, 2 held zset, 3 index, 4 tombstone, 5 history stream, 6 held counter, 7 bytes of the stream, 8 lost records counter
-- ARGV: 1 member, 2 decision, 3 record, 4 tombstone_ms, 5 stream limit, 6 stream bytes limit, 7.. keys
-- Answer: spans that were held and are not any more
local t, a = KEYS[1], KEYS[2]
local dropped, keys, seen = 0, {}, {}
for i = 7, #ARGV do
  if not seen[ARGV[i]] then keys[#keys + 1] = ARGV[i] end
  seen[ARGV[i]] = true
end
local known = call('EXISTS', KEYS[4]) == 1
local m = call('HMGET', t, 'm:state', 'k', 'm:more', 'm:base', 'm:held')
if m[1] then
  local index, held = index_of(m[2], m[3], KEYS[3]), {}
  for _, place in ipairs(call('ZRANGE', a, 0, -1)) do
    for _, key in ipairs((keys_of(place, index, m[4] or 0))) do held[key] = place end
  end
  local touched = {}
  for _, key in ipairs(keys) do
    if call('HSETNX', t, 'd' .. key, 1) == 1 and held[key] then
      dropped = dropped + 1
      touched[held[key]] = true
    end
  end
  for place in pairs(touched) do settle(t, a, place, index, m[4] or 0) end
  if dropped > 0 then
    call('DECRBY', KEYS[6], dropped)
    call('HSET', t, 'm:held', m[5] - dropped)
    local first = call('ZRANGE', a, 0, 0, 'WITHSCORES')
    if first[2] then call('HSET', t, 'm:next', first[2]) else call('HDEL', t, 'm:next') end
  end
  if not known then
    call('HSET', t, 'm:bypassed', 1)
    return dropped
  end
end
if not known then
  call('XADD', KEYS[5], '*', 'record', ARGV[3], 'kept', '')
  bound(KEYS[5], KEYS[7], KEYS[8], #ARGV[3], ARGV[5], ARGV[6])
end
bury(KEYS[4], ARGV[2], table.concat(keys), ARGV[4])
return dropped
