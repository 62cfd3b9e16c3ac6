#!lua flags=allow-oom
-- Ends traces: deletes exactly what was exported, leaves one tombstone, the record, and what the outbox has to send.
-- What came in meanwhile stays and is late.
-- KEYS: 1 due, 2 lease, 3 waiting, 4 bytes counter, 5 held counter, 6 history stream, 7 bytes of the stream, 8 lost records counter,
--       9 outbox zset, 10 outbox hash
-- ARGV: 1 prefix of keys, 2 tombstone_ms, 3 stream limit, 4 stream bytes limit, then for each trace: member, fence, decision, record or '',
--       kept or '', exported keys (one after the other), outbox items, then (id, lane or '', data) triples
-- Answer: for each 1, or 0 when its fence is lost
local prefix, now = ARGV[1], now_ms()
local ended, names, due, outbox, items = {}, {}, {}, {}, {}
local all_bytes, all_held, recorded = 0, 0, 0

-- Keys of spans that a bypass has sent and that never came here.
local function sent_past(t, index)
  local known, past = {}, {}
  for _, key in ipairs(keys_in(index)) do known[key] = true end
  for _, field in ipairs(call('HKEYS', t)) do
    if sub(field, 1, 1) == 'd' and not known[sub(field, 2)] then past[#past + 1] = sub(field, 2) end
  end
  return table.concat(past)
end

-- Of the held bundles, those with a span that was not exported: {first -> its keys}, spans of them that are held, the least first.
local function staying(t, a, index, base, exported)
  local gone, stay, held, least = {}, {}, 0, math.huge
  for _, key in ipairs(keys_in(exported)) do gone[key] = true end
  for _, place in ipairs(call('ZRANGE', a, 0, -1)) do
    local keys, first = keys_of(place, index, base)
    local done, left = marks_of(t, keys, 'd'), 0
    for j, key in ipairs(keys) do left = left + ((done[j] or gone[key]) and 0 or 1) end
    if left > 0 then
      stay[first], held, least = keys, held + left, math.min(least, first)
      for _, key in ipairs(keys) do
        if gone[key] then call('HSET', t, 'd' .. key, 1) end
      end
      settle(t, a, place, index, base)
    else
      call('ZREM', a, place)
    end
  end
  return stay, held, least
end

-- Deletes what is in no bundle that stays; answers how many bytes that were, and the keys of what has left.
local function leave(t, index, stay)
  local kept, left, fields, freed = {}, {}, {'m:result', 'm:record', 'm:kept', 'm:dirty', 'm:more'}, 0
  for _, keys in pairs(stay) do
    for _, key in ipairs(keys) do kept[key] = true end
  end
  for _, field in ipairs(call('HKEYS', t)) do
    local tag, name = sub(field, 1, 1), sub(field, 2)
    if tag == 'b' and not stay[tonumber(name)] then
      freed = freed + call('HSTRLEN', t, field)
      fields[#fields + 1] = field
    elseif (tag == 'x' or tag == 'p' or tag == 'd') and not kept[name] then
      fields[#fields + 1] = field
    end
  end
  for _, key in ipairs(keys_in(index)) do
    if not kept[key] then left[#left + 1] = key end
  end
  each(fields, 1000, function(...) call('HDEL', t, ...) end)
  return freed, table.concat(left)
end

local function commit(i)
  local member = ARGV[i]
  local t, a = prefix .. 't:' .. member, prefix .. 'a:' .. member
  local m = call('HMGET', t, 'm:fence', 'm:bytes', 'm:held', 'm:more', 'm:bypassed', 'm:base', 'k', 'm:state')
  if m[1] ~= ARGV[i + 1] then return 0 end
  for j = i + 7, i + 6 + 3 * ARGV[i + 6], 3 do
    items[#items + 1] = ARGV[j]
    items[#items + 1] = ARGV[j + 2]
    post(outbox, KEYS[9], ARGV[j + 1], ARGV[j], now)
  end
  if ARGV[i + 3] ~= '' then
    call('XADD', KEYS[6], '*', 'record', ARGV[i + 3], 'kept', ARGV[i + 4])
    recorded = recorded + #ARGV[i + 3] + #ARGV[i + 4]
  end
  local index, held, exported = index_of(m[7], m[4], prefix .. 'k:' .. member), (m[3] or 0) + 0, ARGV[i + 5]
  local past = m[5] and sent_past(t, index) or ''
  local stay, left, least = {}, 0, 0
  if held > 0 and exported ~= index then stay, left, least = staying(t, a, index, m[6] or 0, exported) end
  all_held = all_held + held - left
  ended[#ended + 1] = member
  if left == 0 then
    -- of a trace that was never late nobody has written a tombstone
    bury(prefix .. 'd:' .. member, ARGV[i + 2], index .. past, ARGV[2], m[8] ~= 'late')
    all_bytes = all_bytes + m[2]
    names[#names + 1] = t
    names[#names + 1] = a
    if m[4] then
      names[#names + 1] = prefix .. 'k:' .. member
      names[#names + 1] = prefix .. 'g:' .. member
    end
    return 1
  end
  local freed, buried = leave(t, index, stay)
  bury(prefix .. 'd:' .. member, ARGV[i + 2], buried .. past, ARGV[2])
  call('UNLINK', prefix .. 'k:' .. member, prefix .. 'g:' .. member)
  call('HSET', t, 'm:state', 'late', 'm:decision', ARGV[i + 2], 'm:bytes', m[2] - freed, 'm:held', left, 'm:next', now,
    'm:base', least, 'k', sub(index, (least - (m[6] or 0)) * KEY + 1), 'g', '')
  all_bytes = all_bytes + freed
  due[#due + 1] = now
  due[#due + 1] = member
  return 1
end

local out, at = {}, 5
while at <= #ARGV do
  out[#out + 1] = apart(commit, at)
  at = at + 7 + 3 * ARGV[at + 6]
end
if recorded > 0 then bound(KEYS[6], KEYS[7], KEYS[8], recorded, ARGV[3], ARGV[4]) end
each(items, 1000, function(...) call('HSET', KEYS[10], ...) end)
for name, queue in pairs(outbox) do
  each(queue, 1000, function(...) call('ZADD', name, ...) end)
end
each(ended, 1000, function(...)
  call('ZREM', KEYS[2], ...)
  call('ZREM', KEYS[3], ...)
  call('ZREM', KEYS[1], ...)
end)
each(names, 1000, function(...) call('UNLINK', ...) end)
each(due, 1000, function(...) call('ZADD', KEYS[1], ...) end)
if all_bytes > 0 then call('DECRBY', KEYS[4], all_bytes) end
if all_held > 0 then call('DECRBY', KEYS[5], all_held) end
return answer(out)
