#!lua flags=allow-oom
-- Takes traces that are due, expired leases first, under a new fencing token each.
-- KEYS: 1 due, 2 lease, 3 fence counter; ARGV: 1 prefix of keys, 2 limit, 3 lease_ms,
--       4 latest_ms: later the claimant has given up waiting for this answer (a store that stood still), so nothing is taken
-- Answer: {now, {member, fence, expired, heads, meta of every trace..., {meta of a sealed one...}}...}
local now, prefix, limit = now_ms(), ARGV[1], tonumber(ARGV[2])
local out = {now}
if now > tonumber(ARGV[4]) then return out end
local members = call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, limit)
local expired = #members
if expired < limit then
  for _, member in ipairs(call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, limit - expired)) do
    members[#members + 1] = member
  end
end
if #members == 0 then return out end
local fence, leases, gone = call('INCRBY', KEYS[3], #members) - #members, {}, {}
local function take(i, member)
  local t = prefix .. 't:' .. member
  local m = call('HMGET', t, 'm:state', 'm:first', 'm:last', 'm:n', 'm:bytes', 'm:over', 'm:bypassed', 'm:next', 'm:dirty', 'm:more', 'g')
  local state = m[1]
  if not state then
    gone[#gone + 1] = member
    return
  end
  call('HSET', t, 'm:fence', fence + i)
  if m[9] then call('HDEL', t, 'm:dirty') end
  local sealed = state ~= 'open' and call('HMGET', t, 'm:decision', 'm:record', 'm:result', 'm:dispatch', 'm:attempts', 'm:worker',
    'm:started', 'm:suspect', 'm:sealed', 'm:kept', 'm:crashes', 'm:dispatched', 'm:scored', 'm:outbox', 'm:root', 'm:no_rubric') or {}
  local heads = (state == 'open' or state == 'waiting') and index_of(m[11], m[10], prefix .. 'g:' .. member) or ''
  out[#out + 1] = {member, fence + i, i <= expired and 1 or 0, heads, m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8], m[10], sealed}
end
for i, member in ipairs(members) do
  leases[2 * i - 1], leases[2 * i] = now + ARGV[3], member
  apart(take, i, member) -- one that cannot be claimed is left alone until its lease ends
end
each(members, 1000, function(...) call('ZREM', KEYS[1], ...) end)
each(leases, 1000, function(...) call('ZADD', KEYS[2], ...) end)
each(gone, 1000, function(...) call('ZREM', KEYS[2], ...) end)
return out
