#!lua flags=allow-oom
-- A worker takes a conversation to score; one whose worker has died is taken by whoever is told of it.
-- KEYS: 1 conversation hash, 2 workers zset; ARGV: 1 worker, 2 dispatch number
-- Answer: {} or all fields and values
local t = KEYS[1]
local m = call('HMGET', t, 'state', 'worker', 'taken')
if m[1] ~= 'waiting' then return {} end
if m[2] == ARGV[1] then
  if m[3] ~= ARGV[2] then return {} end -- another message for what we are at
elseif m[2] ~= '' then
  local beat = call('ZSCORE', KEYS[2], m[2])
  if beat and tonumber(beat) > now_ms() then return {} end
end
if m[2] ~= ARGV[1] then call('HINCRBY', t, 'attempts', 1) end
call('HSET', t, 'worker', ARGV[1], 'taken', ARGV[2], 'started', now_ms())
return call('HGETALL', t)
