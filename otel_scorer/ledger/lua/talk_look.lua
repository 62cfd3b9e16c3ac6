#!lua flags=allow-oom
-- What is to be done about a conversation that waits in the history.
-- KEYS: 1 conversation hash, 2 workers zset; ARGV: 1 waiting since, 2 redispatch_ms, 3 most attempts, 4 longest wait in ms,
--       5 how long a worker that lives may have it in ms
-- Answer: {'new'} | {'done'} | {'wait', bytes} | {'dispatch', bytes, number} | {'given_up', since}
--         | {'result', since, record, outbox items}
local t, now = KEYS[1], now_ms()
local m = call('HMGET', t, 'since', 'state', 'worker', 'attempts', 'dispatched', 'created', 'started')
if not m[1] then return {'new'} end
if m[2] == 'done' then
  return {tonumber(ARGV[1]) > tonumber(m[1]) and 'new' or 'done'}
end
if m[2] == 'scored' then
  local result = call('HMGET', t, 'record', 'outbox')
  return {'result', m[1], result[1], result[2]}
end
local size = call('HSTRLEN', t, 'content')
local beat = m[3] ~= '' and call('ZSCORE', KEYS[2], m[3])
if beat and tonumber(beat) > now and now - m[7] < tonumber(ARGV[5]) then return {'wait', size} end
if tonumber(m[4]) >= tonumber(ARGV[3]) or now - m[6] >= tonumber(ARGV[4]) then return {'given_up', m[1]} end
if now - m[5] < tonumber(ARGV[2]) then return {'wait', size} end
call('HSET', t, 'dispatched', now, 'worker', '')
return {'dispatch', size, call('HINCRBY', t, 'dispatch', 1)}
