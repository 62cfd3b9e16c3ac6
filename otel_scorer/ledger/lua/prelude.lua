-- Shared by every script. Scripts are idempotent: a client that lost the reply runs them again (reliability T36).
-- Undeclared keys are used: one store holds all keys of a trace, Redis Cluster is not supported (design 2.4).
local call, sub = redis.call, string.sub

local function now_ms()
  local t = call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function each(list, size, f)
  for i = 1, #list, size do
    f(unpack(list, i, math.min(i + size - 1, #list)))
  end
end

-- One call works on many traces: one that cannot be worked on (somebody else wrote to its keys) keeps no other from it.
local failed
local function apart(f, ...)
  local ok, found = pcall(f, ...)
  if ok then return found end
  failed = failed or (type(found) == 'table' and found.err or tostring(found))
  return 0
end

-- What a script that worked `apart` answers: an error when one of its traces failed, after the others were done.
local function answer(found)
  return failed and redis.error_reply(failed) or found
end

-- A claimed trace is not put into `due` (a second sweeper would take it): it is marked, and whoever lets go of the lease arms it.
local function arm(due, lease, t, member, at)
  if call('ZSCORE', lease, member) then
    call('HSET', t, 'm:dirty', 1)
  else
    call('ZADD', due, at, member)
  end
end

-- Keys of spans are 17 bytes. The index of a trace are those of all its spans, one after the other: the first put's in its hash, later ones'
-- in a string beside it.
local KEY = 17

local function keys_in(index)
  local keys = {}
  for i = 1, #index, KEY do keys[#keys + 1] = sub(index, i, i + KEY - 1) end
  return keys
end

local function index_of(in_hash, more, name)
  return (in_hash or '') .. (more and call('GET', name) or '')
end

-- Adds those of `keys` that are in the index to the set `found`.
local function find_in(index, keys, found)
  if #keys > 16 then -- looking for each of many costs more than a table of all
    local known = {}
    for i = 1, #index, KEY do known[sub(index, i, i + KEY - 1)] = true end
    for _, key in ipairs(keys) do found[key] = found[key] or known[key] end
    return
  end
  for _, key in ipairs(keys) do
    local at = string.find(index, key, 1, true)
    while at and (at - 1) % KEY ~= 0 do at = string.find(index, key, at + 1, true) end
    found[key] = found[key] or (at ~= nil) or nil
  end
end

-- A tombstone is one small string: the decision, a line feed, keys of spans. Beyond this many keys the others are in a set beside it: whoever
-- looks for a few keys of a huge trace must not read all of them. A trace without end (an id that a process uses for ever) must not fill the
-- store: a set that is full becomes the older one, and the older one is forgotten. What was sent so long ago is not known as a resend.
local TOMBSTONE_KEYS = 2000
local TOMBSTONE_MORE = 200000

-- Adds those of `keys` that the tombstone `tomb` knows to the set `found`.
local function find_buried(name, tomb, keys, found)
  local index = sub(tomb, string.find(tomb, '\n', 1, true) + 1)
  find_in(index, keys, found)
  if #index < KEY * TOMBSTONE_KEYS then return end
  each(keys, 1000, function(...)
    local asked = {...}
    for _, set in ipairs({name .. ':more', name .. ':older'}) do
      for i, known in ipairs(call('SMISMEMBER', set, ...)) do
        if known == 1 then found[asked[i]] = true end
      end
    end
  end)
end

-- Adds keys to a tombstone, none twice. A decision that is there stays. `fresh`: none can be there.
local function bury(name, decision, index, for_ms, fresh)
  local tomb = not fresh and call('GET', name)
  if not tomb and #index <= KEY * TOMBSTONE_KEYS then
    call('SET', name, decision .. '\n' .. index, 'PX', for_ms)
    return
  end
  tomb = tomb or decision .. '\n'
  local keys, seen, new = keys_in(index), {}, {}
  find_buried(name, tomb, keys, seen)
  for _, key in ipairs(keys) do
    if not seen[key] then
      seen[key] = true
      new[#new + 1] = key
    end
  end
  local room = TOMBSTONE_KEYS - (#tomb - string.find(tomb, '\n', 1, true)) / KEY
  call('SET', name, tomb .. table.concat(new, '', 1, math.min(room, #new)), 'PX', for_ms)
  local more = {}
  for i = room + 1, #new do more[#more + 1] = new[i] end
  if #more > 0 and call('SCARD', name .. ':more') >= TOMBSTONE_MORE then
    call('RENAME', name .. ':more', name .. ':older')
    call('PEXPIRE', name .. ':older', for_ms)
  end
  each(more, 1000, function(...) call('SADD', name .. ':more', ...) end)
  if #new >= room then call('PEXPIRE', name .. ':more', for_ms) end
end

-- Spans that came together lie in one field, a bundle, named by the place of its first span in all that the trace was ever sent. The held
-- set has a bundle as `<first>+<count>` with the time when the next of its held spans has to go. A span that has left is marked `d<key>`, one
-- whose hold was prolonged has its time in `p<key>`; `base` is the place of the first key in the index.
local function keys_of(place, index, base)
  local first, count = string.match(place, '^(%d+)%+(%d+)$')
  local start = (first - base) * KEY
  return keys_in(sub(index, start + 1, start + count * KEY)), tonumber(first)
end

local function marks_of(t, keys, tag)
  local fields = {}
  for i, key in ipairs(keys) do fields[i] = tag .. key end
  return call('HMGET', t, unpack(fields))
end

-- Sets anew when the next span of a held bundle has to go, or takes the bundle out when none of its spans is held any more.
local function settle(t, a, place, index, base)
  local score = call('ZSCORE', a, place)
  if not score then return end
  local keys = keys_of(place, index, base)
  local done, prolonged, next_ms = marks_of(t, keys, 'd'), marks_of(t, keys, 'p'), nil
  for i = 1, #keys do
    if not done[i] then
      local release = tonumber(prolonged[i] or score)
      next_ms = next_ms and math.min(next_ms, release) or release
    end
  end
  if next_ms then call('ZADD', a, next_ms, place) else call('ZREM', a, place) end
end

-- Adds an item to those that the outbox has to send. What is for a store of evaluations has a lane of its own, a zset beside the outbox's: a
-- store that is slow, and all that waits for it, is in nobody's way. `lanes` tells which there are.
local function post(queues, outbox, lane, id, now)
  local name = lane == '' and outbox or outbox .. ':' .. lane
  if lane ~= '' then call('SADD', outbox .. ':lanes', lane) end
  queues[name] = queues[name] or {}
  local queue = queues[name]
  queue[#queue + 1] = now
  queue[#queue + 1] = id
end

-- After `bytes` of records came into the stream: beyond its limits (entries, bytes) the oldest are lost, and counted.
local function bound(stream, size, lost, bytes, most, most_bytes)
  bytes = call('INCRBY', size, bytes)
  local entries = call('XLEN', stream)
  for _ = 1, 1000 do -- a limit that was lowered must not stall the store
    if entries <= 1 or (entries <= tonumber(most) and bytes <= tonumber(most_bytes)) then return end
    local oldest = call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
    call('XDEL', stream, oldest[1])
    bytes = call('DECRBY', size, #oldest[2][2] + #oldest[2][4])
    entries = entries - 1
    call('INCR', lost)
  end
end
