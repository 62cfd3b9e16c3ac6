#!lua flags=allow-oom
-- What is to be done about a conversation that waits in the history.
-- KEYS: 1 conversation hash, 2 workers zset, 3 history stream
-- ARGV: 1 waiting since, 2 redispatch_ms, 3 most attempts, 4 longest wait in ms, 5 how long a worker that lives may have it in ms,
--       6 how long what is done is remembered, in ms
-- Answer: {'new', since of what is done or ''} | {'done'} | {'wait', bytes} | {'dispatch', bytes, number} | {'given_up', since, draft}
--         | {'result', since, record, outbox items}
local t, now = KEYS[1], now_ms()
local m = call('HMGET', t, 'since', 'state', 'worker', 'attempts', 'dispatched', 'created', 'started')
-- The record of a scoring tells the next one what was seen, and its number. While it lies in the stream the history does
-- not know it yet; nor, where the stream is that old, of what is done and no longer remembered here.
if not m[1] then
  local forgotten = call('XRANGE', KEYS[3], '-', string.format('%d', now - ARGV[6]), 'COUNT', 1)
  if #forgotten > 0 then return {'wait', 0} end
  return {'new', ''}
end
if m[2] == 'done' then
  if tonumber(ARGV[1]) <= tonumber(m[1]) then return {'done'} end
  local entry = call('HGET', t, 'entry')
  if entry and #call('XRANGE', KEYS[3], entry, entry) > 0 then return {'wait', 0} end
  return {'new', m[1]}
end
if m[2] == 'scored' then
  local result = call('HMGET', t, 'record', 'outbox')
  return {'result', m[1], result[1], result[2]}
end
local size = call('HSTRLEN', t, 'content')
local beat = m[3] ~= '' and call('ZSCORE', KEYS[2], m[3])
if beat and tonumber(beat) > now and now - m[7] < tonumber(ARGV[5]) then return {'wait', size} end
if tonumber(m[4]) >= tonumber(ARGV[3]) or now - m[6] >= tonumber(ARGV[4]) then
  return {'given_up', m[1], call('HGET', t, 'draft')}
end
if now - m[5] < tonumber(ARGV[2]) then return {'wait', size} end
call('HSET', t, 'dispatched', now, 'worker', '')
return {'dispatch', size, call('HINCRBY', t, 'dispatch', 1)}
