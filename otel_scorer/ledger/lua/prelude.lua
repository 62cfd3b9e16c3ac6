-- Shared by every script. Scripts are idempotent: a client that lost the reply runs them again (reliability T36).
-- Undeclared keys are used: one store holds all keys of a trace, Redis Cluster is not supported (design 2.4).
local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function each(list, size, f)
  for i = 1, #list, size do
    f(unpack(list, i, math.min(i + size - 1, #list)))
  end
end

-- A claimed trace is not put into `due` (a second sweeper would take it): it is marked, and whoever lets go of the lease arms it.
local function arm(due, lease, t, member, at)
  if redis.call('ZSCORE', lease, member) then
    redis.call('HSET', t, 'm:dirty', 1)
  else
    redis.call('ZADD', due, at, member)
  end
end

-- An unseen parent that receivers are to look for, at least until the trace is looked at.
local function want(wanted, member, span_id, look_at)
  redis.call('ZADD', wanted, 'GT', look_at, member .. '/' .. span_id)
end

local function holds_fence(t, fence)
  return redis.call('HGET', t, 'm:fence') == fence
end

-- A tombstone is one small string: the decision, a line feed, keys of spans (17 bytes each). Beyond this many keys the others are in a set
-- beside it: whoever looks for a few keys of a huge trace must not read all of them.
local TOMBSTONE_KEYS = 2000

-- Which of `keys` (and maybe others) the tombstone `tomb` knows.
local function buried(name, tomb, keys)
  local seen, start = {}, string.find(tomb, '\n', 1, true) + 1
  for i = start, #tomb, 17 do seen[string.sub(tomb, i, i + 16)] = true end
  if #tomb - start + 1 >= 17 * TOMBSTONE_KEYS then
    each(keys, 1000, function(...)
      local asked = {...}
      for i, known in ipairs(redis.call('SMISMEMBER', name .. ':more', ...)) do
        if known == 1 then seen[asked[i]] = true end
      end
    end)
  end
  return seen
end

-- Adds keys to the tombstone, none twice. A decision that is there stays.
local function bury(name, decision, keys, for_ms)
  local tomb = redis.call('GET', name) or decision .. '\n'
  local seen, new = buried(name, tomb, keys), {}
  for _, key in ipairs(keys) do
    if not seen[key] then
      seen[key] = true
      new[#new + 1] = key
    end
  end
  local room = TOMBSTONE_KEYS - (#tomb - string.find(tomb, '\n', 1, true)) / 17
  redis.call('SET', name, tomb .. table.concat(new, '', 1, math.min(room, #new)), 'PX', for_ms)
  local more = {}
  for i = room + 1, #new do more[#more + 1] = new[i] end
  each(more, 1000, function(...) redis.call('SADD', name .. ':more', ...) end)
  if #new >= room then redis.call('PEXPIRE', name .. ':more', for_ms) end
end

-- Appends to the stream of records. Beyond its limits (entries, bytes) the oldest are lost, and counted.
local function add_record(stream, size, lost, record, kept, most, most_bytes)
  redis.call('XADD', stream, '*', 'record', record, 'kept', kept)
  local bytes = redis.call('INCRBY', size, #record + #kept)
  local entries = redis.call('XLEN', stream)
  for _ = 1, 1000 do -- a limit that was lowered must not stall the store
    if entries <= 1 or (entries <= tonumber(most) and bytes <= tonumber(most_bytes)) then return end
    local oldest = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
    redis.call('XDEL', stream, oldest[1])
    bytes = redis.call('DECRBY', size, #oldest[2][2] + #oldest[2][4])
    entries = entries - 1
    redis.call('INCR', lost)
  end
end
