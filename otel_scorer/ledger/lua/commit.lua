#!lua flags=allow-oom
-- Ends a trace: deletes exactly what was exported, leaves one tombstone, its record, and what the outbox has to send.
-- What came in meanwhile stays and is late.
-- KEYS: 1 trace hash, 2 held zset, 3 heads, 4 tombstone, 5 due, 6 lease, 7 bytes counter, 8 history stream, 9 outbox zset, 10 outbox hash, 11 lost records counter, 12 waiting, 13 held counter, 14 bytes of the stream
-- ARGV: 1 member, 2 fence, 3 decision, 4 record or '', 5 kept or '', 6 tombstone_ms, 7 stream limit, 8 stream bytes limit, 9 outbox items, 10 exported keys, then (id, data) pairs and keys
-- Answer: {1, spans still held} or {0, 0} when the fence is lost
local t, a, member = KEYS[1], KEYS[2], ARGV[1]
if not holds_fence(t, ARGV[2]) then return {0, 0} end
local now = now_ms()
local at = 11
for i = 1, tonumber(ARGV[9]) do
  redis.call('HSET', KEYS[10], ARGV[at], ARGV[at + 1])
  redis.call('ZADD', KEYS[9], now, ARGV[at])
  at = at + 2
end
local exported, sent = 0, {}
for i = 1, tonumber(ARGV[10]) do
  sent[i] = ARGV[at]
  at = at + 1
end
each(sent, 1000, function(...) exported = exported + redis.call('ZREM', a, ...) end)
if exported > 0 then redis.call('DECRBY', KEYS[13], exported) end
if ARGV[4] ~= '' then add_record(KEYS[8], KEYS[14], KEYS[11], ARGV[4], ARGV[5], ARGV[7], ARGV[8]) end

local left = {}
for _, key in ipairs(redis.call('ZRANGE', a, 0, -1)) do left[key] = true end
local keys = {}
for _, field in ipairs(redis.call('HKEYS', t)) do
  if string.sub(field, 1, 1) == 's' and not left[string.sub(field, 2)] then keys[#keys + 1] = string.sub(field, 2) end
end
bury(KEYS[4], ARGV[3], keys, ARGV[6])
local size = tonumber(redis.call('HGET', t, 'm:bytes'))
redis.call('ZREM', KEYS[6], member)
redis.call('ZREM', KEYS[12], member)
if next(left) == nil then
  redis.call('DECRBY', KEYS[7], size)
  redis.call('UNLINK', t, a, KEYS[3])
  redis.call('ZREM', KEYS[5], member)
  return {1, 0}
end
local freed, fields = 0, {}
for _, key in ipairs(keys) do
  freed = freed + redis.call('HSTRLEN', t, 's' .. key)
  fields[#fields + 1] = 's' .. key
  fields[#fields + 1] = 'x' .. key
end
for _, field in ipairs({'m:result', 'm:record', 'm:kept', 'm:dirty'}) do fields[#fields + 1] = field end
each(fields, 1000, function(...) redis.call('HDEL', t, ...) end)
redis.call('HINCRBY', t, 'm:bytes', -freed)
redis.call('DECRBY', KEYS[7], freed)
redis.call('HSET', t, 'm:state', 'late', 'm:decision', ARGV[3])
redis.call('ZADD', KEYS[5], now, member)
return {1, redis.call('ZCARD', a)}
