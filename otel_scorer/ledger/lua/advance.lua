#!lua flags=allow-oom
-- Writes what a claimant has decided of its traces: meta fields, frozen appendices (the first stays), spans done with; keeps or lets go of leases.
-- KEYS: 1 due, 2 lease, 3 wanted, 4 waiting, 5 held counter
-- ARGV: 1 prefix of keys, 2 lease_ms, 3 quiet_ms, then for each trace: member, fence, due_ms or -1 (keep the lease), heed holds (1 or 0),
--       metas, appendices, done, postponed, wanted, then the data: (field, value), (key, bytes), (bundle, key), (bundle, key, new release time),
--       (expiry_ms, span id)
-- Answer: for each 1, or 0 when its fence is lost
local prefix, lease, quiet, now = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), now_ms()
local leases, unleased, due, wants, waiting, all_done = {}, {}, {}, {}, {}, 0

local function add(list, score, member)
  list[#list + 1] = score
  list[#list + 1] = member
end

-- What leaves the held bundles of a trace, or is to stay longer: answers when the next has to go, and how many have left.
local function change_holds(member, t, at, done, postponed)
  local a, touched, left = prefix .. 'a:' .. member, {}, 0
  for _ = 1, done do
    left = left + call('HSETNX', t, 'd' .. ARGV[at + 1], 1)
    touched[ARGV[at]] = true
    at = at + 2
  end
  for _ = 1, postponed do
    call('HSET', t, 'p' .. ARGV[at + 1], ARGV[at + 2])
    touched[ARGV[at]] = true
    at = at + 3
  end
  local m = call('HMGET', t, 'k', 'm:more', 'm:base')
  local index = index_of(m[1], m[2], prefix .. 'k:' .. member)
  for place in pairs(touched) do settle(t, a, place, index, m[3] or 0) end
  return call('ZRANGE', a, 0, 0, 'WITHSCORES')[2], left
end

local function advance(i)
  local member = ARGV[i]
  local t = prefix .. 't:' .. member
  local m = call('HMGET', t, 'm:fence', 'm:state', 'm:dirty', 'm:last', 'm:over', 'm:next', 'm:frozen', 'm:held')
  if m[1] ~= ARGV[i + 1] then return 0 end
  local state, at, fields = m[2], i + 9, {}
  for _ = 1, ARGV[i + 4] do
    add(fields, 'm:' .. ARGV[at], ARGV[at + 1])
    if ARGV[at] == 'state' then
      state = ARGV[at + 1]
      if state == 'waiting' then add(waiting, now, member) end
    end
    at = at + 2
  end
  local appendices = tonumber(ARGV[i + 5])
  for _ = 1, appendices do
    if m[7] then call('HSETNX', t, 'x' .. ARGV[at], ARGV[at + 1]) else add(fields, 'x' .. ARGV[at], ARGV[at + 1]) end
    at = at + 2
  end
  if appendices > 0 and not m[7] then add(fields, 'm:frozen', 1) end
  local done, postponed, next_ms = tonumber(ARGV[i + 6]), tonumber(ARGV[i + 7]), m[6]
  if done + postponed > 0 then
    local left
    next_ms, left = change_holds(member, t, at, done, postponed)
    at = at + 2 * done + 3 * postponed
    add(fields, 'm:held', (m[8] or 0) - left)
    if next_ms then add(fields, 'm:next', next_ms) else call('HDEL', t, 'm:next') end
    all_done = all_done + left
  end
  for _ = 1, ARGV[i + 8] do
    add(wants, ARGV[at], member .. '/' .. ARGV[at + 1])
    at = at + 2
  end
  each(fields, 1000, function(...) call('HSET', t, ...) end)
  local due_ms = tonumber(ARGV[i + 2])
  if due_ms < 0 then
    add(leases, now + lease, member)
    return 1
  end
  if m[3] then
    due_ms = state == 'open' and not m[5] and math.min(due_ms, math.max(now, m[4] + quiet)) or now
    call('HDEL', t, 'm:dirty')
  end
  if ARGV[i + 3] == '1' and next_ms then due_ms = math.min(due_ms, tonumber(next_ms)) end
  unleased[#unleased + 1] = member
  add(due, due_ms, member)
  return 1
end

local out, at = {}, 4
while at <= #ARGV do
  out[#out + 1] = apart(advance, at)
  at = at + 9 + 2 * (ARGV[at + 4] + ARGV[at + 5] + ARGV[at + 6] + ARGV[at + 8]) + 3 * ARGV[at + 7]
end
each(leases, 1000, function(...) call('ZADD', KEYS[2], ...) end)
each(unleased, 1000, function(...) call('ZREM', KEYS[2], ...) end)
each(due, 1000, function(...) call('ZADD', KEYS[1], ...) end)
each(wants, 1000, function(...) call('ZADD', KEYS[3], ...) end)
each(waiting, 1000, function(...) call('ZADD', KEYS[4], ...) end)
if all_done > 0 then call('DECRBY', KEYS[5], all_done) end
return answer(out)
