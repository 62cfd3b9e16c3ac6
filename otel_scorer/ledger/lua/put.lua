-- Adds spans, log records and heads to one trace; nothing twice.
-- KEYS: 1 trace hash, 2 held zset, 3 heads string, 4 tombstone, 5 due, 6 lease, 7 bytes counter, 8 held counter, 9 wanted
-- ARGV: 1 member, 2 hold_ms, 3 quiet_ms, 4 max_age_ms, 5 max_spans, 6 max_bytes, 7 holds, 8 heads,
--       9 envelopes, 10 spans, 11 logs, 12 unseen parents, then that many (key, value) pairs of the first three each, and span ids
-- Answer: {added, duplicates, added logs, late spans}
local t, a, member = KEYS[1], KEYS[2], ARGV[1]
local now = now_ms()
local state = redis.call('HGET', t, 'm:state')
local tomb = (not state or state == 'late') and redis.call('GET', KEYS[4])
local late = tomb or (state and state ~= 'open')

local at = 13
local envelopes = tonumber(ARGV[9])
local first_span = at + 2 * envelopes
local spans = tonumber(ARGV[10])
local first_log = first_span + 2 * spans
local logs = tonumber(ARGV[11])
local seen = {}
if tomb then
  local keys = {}
  for i = first_span, first_log - 1, 2 do keys[#keys + 1] = ARGV[i] end
  seen = buried(KEYS[4], tomb, keys)
end
local added, added_logs, bytes = 0, 0, 0
local held = {}
local release_at = late and now or now + tonumber(ARGV[2])

local fields = {}
for i = first_span, first_log - 1, 2 do
  local key, value = ARGV[i], ARGV[i + 1]
  if not seen[key] then
    if state then
      if redis.call('HSETNX', t, 's' .. key, value) == 1 then
        added = added + 1
        bytes = bytes + #value
        held[#held + 1] = release_at
        held[#held + 1] = key
      end
    else
      -- a new trace: one HSET for all; the same key twice in one request is one field
      seen[key] = true
      added = added + 1
      bytes = bytes + #value
      fields[#fields + 1] = 's' .. key
      fields[#fields + 1] = value
      held[#held + 1] = release_at
      held[#held + 1] = key
    end
  end
end
if not tomb then
  for i = first_log, first_log + 2 * logs - 1, 2 do
    if redis.call('HSETNX', t, 'l' .. ARGV[i], ARGV[i + 1]) == 1 then
      added_logs = added_logs + 1
      bytes = bytes + #ARGV[i + 1]
    end
  end
end
if added == 0 and added_logs == 0 then
  return {0, spans, 0, 0}
end

for i = at, first_span - 1, 2 do
  fields[#fields + 1] = 'e' .. ARGV[i]
  fields[#fields + 1] = ARGV[i + 1]
end
if not state then
  local decision = tomb and string.sub(tomb, 1, string.find(tomb, '\n', 1, true) - 1) or ''
  for _, v in ipairs({'m:state', tomb and 'late' or 'open', 'm:first', now, 'm:decision', decision}) do
    fields[#fields + 1] = v
  end
end
fields[#fields + 1] = 'm:last'
fields[#fields + 1] = now
each(fields, 1000, function(...) redis.call('HSET', t, ...) end)
local n = redis.call('HINCRBY', t, 'm:n', added)
local size = redis.call('HINCRBY', t, 'm:bytes', bytes)
redis.call('INCRBY', KEYS[7], bytes)
if #held > 0 and ARGV[7] == '1' then
  each(held, 1000, function(...) redis.call('ZADD', a, ...) end)
  redis.call('INCRBY', KEYS[8], #held / 2)
  if late then  -- it goes at once: no hold of it is prolonged, whatever its kind
    for i = 2, #held, 2 do redis.call('HSET', t, 'p' .. held[i], 1) end
  end
end

local due = now
if not late then
  redis.call('APPEND', KEYS[3], ARGV[8])
  -- wanted from the first moment: the parent mostly comes in the next batch of the same SDK, before the trace is looked at
  for i = #ARGV - tonumber(ARGV[12]) + 1, #ARGV do want(KEYS[9], member, ARGV[i], now + ARGV[3]) end
  if n > tonumber(ARGV[5]) or size > tonumber(ARGV[6]) then
    redis.call('HSET', t, 'm:over', 1)
  else
    local first = tonumber(redis.call('HGET', t, 'm:first'))
    due = math.min(now + tonumber(ARGV[3]), first + tonumber(ARGV[4]))
    local next = redis.call('ZRANGE', a, 0, 0, 'WITHSCORES')
    if next[2] then due = math.min(due, tonumber(next[2])) end
  end
end
arm(KEYS[5], KEYS[6], t, member, due)
return {added, spans - added, added_logs, late and added or 0}
