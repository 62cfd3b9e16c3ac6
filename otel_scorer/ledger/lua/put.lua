-- Adds spans, log records and heads to traces; nothing twice.
-- KEYS: 1 due, 2 lease, 3 bytes counter, 4 held counter, 5 wanted
-- ARGV: 1 prefix of keys, 2 hold_ms, 3 quiet_ms, 4 max_age_ms, 5 max_spans, 6 max_bytes, 7 holds, then for each part:
--       member, heads, spans, their bundle, envelopes, logs, unseen parents, then (key, value) pairs of the envelopes and logs, and span ids
-- Answer: {added, duplicates, added logs, late spans}
local prefix, hold, quiet, max_age = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local max_spans, max_bytes, holds = tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7] == '1'
local now = now_ms()
local total = {0, 0, 0, 0}
local all_bytes, all_held, due, wants = 0, 0, {}, {}

-- A bundle: how many (2 bytes), their keys, for each its envelope (8 bytes) and length (4 bytes), then their bytes.
local function without(bundle, keys, known)
  local entry, from = 3 + KEY * #keys, 3 + (KEY + 12) * #keys
  local new, entries, raws = {}, {}, {}
  for i, key in ipairs(keys) do
    local length = struct.unpack('<I4', bundle, entry + 8)
    if not known[key] then
      new[#new + 1] = key
      entries[#entries + 1] = sub(bundle, entry, entry + 11)
      raws[#raws + 1] = sub(bundle, from, from + length - 1)
    end
    entry, from = entry + 12, from + length
  end
  local index = table.concat(new)
  return index, struct.pack('<I2', #new) .. index .. table.concat(entries) .. table.concat(raws), #new
end

local function put(i)
  local member, spans, bundle = ARGV[i], tonumber(ARGV[i + 2]), ARGV[i + 3]
  local t = prefix .. 't:' .. member
  local m = call('HMGET', t, 'm:state', 'm:n', 'm:bytes', 'm:held', 'm:first', 'm:next', 'm:more', 'm:bypassed', 'k')
  local state = m[1]
  local tomb = (not state or state == 'late') and call('GET', prefix .. 'd:' .. member)
  local late = tomb or (state and state ~= 'open')

  local index, new = sub(bundle, 3, 2 + KEY * spans), spans
  if spans > 0 and (tomb or state) then
    local keys, known = keys_in(index), {}
    if tomb then find_buried(prefix .. 'd:' .. member, tomb, keys, known) end
    if state then find_in(index_of(m[9], m[7], prefix .. 'k:' .. member), keys, known) end
    if m[8] then
      for j, mark in ipairs(marks_of(t, keys, 'd')) do known[keys[j]] = known[keys[j]] or mark end
    end
    if next(known) then index, bundle, new = without(bundle, keys, known) end
  end
  total[2] = total[2] + spans - new
  local envelopes, first_log = i + 7, i + 7 + 2 * ARGV[i + 4]
  local first_parent = first_log + 2 * ARGV[i + 5]
  local logs, bytes = 0, new > 0 and #bundle or 0
  if not tomb then
    for j = first_log, first_parent - 1, 2 do
      if call('HSETNX', t, 'l' .. ARGV[j], ARGV[j + 1]) == 1 then
        logs = logs + 1
        bytes = bytes + #ARGV[j + 1]
      end
    end
  end
  if new == 0 and logs == 0 then return end

  local n, size, held, release = (m[2] or 0) + new, (m[3] or 0) + bytes, (m[4] or 0) + 0, tonumber(m[6])
  local fields = {'m:n', n, 'm:bytes', size, 'm:last', now}
  local function set(field, value)
    fields[#fields + 1] = field
    fields[#fields + 1] = value
  end
  for j = envelopes, first_log - 1, 2 do set('e' .. ARGV[j], ARGV[j + 1]) end
  if new > 0 then
    set('b' .. n - new, bundle)
    if holds then
      local at = late and now or now + hold
      call('ZADD', prefix .. 'a:' .. member, at, n - new .. '+' .. new)
      if late then -- it goes at once: no hold of it is prolonged, whatever its kind
        for _, key in ipairs(keys_in(index)) do set('p' .. key, at) end
      end
      release = math.min(release or at, at)
      set('m:held', held + new)
      set('m:next', release)
      all_held = all_held + new
    end
  end
  local at = now
  if not late then
    -- wanted from the first moment: the parent mostly comes in the next batch of the same SDK, before the trace is looked at
    for j = first_parent, first_parent + ARGV[i + 6] - 1 do
      wants[#wants + 1] = now + quiet
      wants[#wants + 1] = member .. '/' .. ARGV[j]
    end
    if n > max_spans or size > max_bytes then
      set('m:over', 1)
    else
      at = math.min(now + quiet, (m[5] or now) + max_age, release or math.huge)
    end
  end
  if state and call('ZSCORE', KEYS[2], member) then
    set('m:dirty', 1)
  else
    due[#due + 1] = at
    due[#due + 1] = member
  end
  if state then
    set('m:more', 1)
    call('APPEND', prefix .. 'k:' .. member, index)
    if not late then call('APPEND', prefix .. 'g:' .. member, ARGV[i + 1]) end
  else
    set('m:state', tomb and 'late' or 'open')
    set('m:first', now)
    set('k', index)
    set('g', late and '' or ARGV[i + 1])
    if tomb then set('m:decision', sub(tomb, 1, string.find(tomb, '\n', 1, true) - 1)) end
  end
  each(fields, 1000, function(...) call('HSET', t, ...) end)
  all_bytes = all_bytes + bytes
  total[1], total[3], total[4] = total[1] + new, total[3] + logs, total[4] + (late and new or 0)
end

local at = 8
while at <= #ARGV do
  apart(put, at)
  at = at + 7 + 2 * (ARGV[at + 4] + ARGV[at + 5]) + ARGV[at + 6]
end
each(due, 1000, function(...) call('ZADD', KEYS[1], ...) end)
each(wants, 1000, function(...) call('ZADD', KEYS[5], 'GT', ...) end)
if all_bytes > 0 then call('INCRBY', KEYS[3], all_bytes) end
if all_held > 0 then call('INCRBY', KEYS[4], all_held) end
return answer(total)
