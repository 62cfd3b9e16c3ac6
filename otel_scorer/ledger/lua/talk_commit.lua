#!lua flags=allow-oom
-- Ends the scoring of a conversation: what the outbox has to send, and the record. It is remembered for a while, so that
-- who has not heard of it yet does not begin again.
-- KEYS: 1 conversation hash, 2 outbox zset, 3 outbox hash, 4 history stream, 5 bytes of the stream, 6 lost records counter
-- ARGV: 1 waiting since, 2 remembered for ms, 3 stream limit, 4 stream bytes limit, 5 record or '', then (id, lane or '', data) triples
-- Answer: 1, or 0 when somebody else has ended it
local t, now = KEYS[1], now_ms()
local m = call('HMGET', t, 'since', 'state')
if m[1] ~= ARGV[1] or m[2] == 'done' then return 0 end
local outbox = {}
for i = 6, #ARGV, 3 do
  call('HSET', KEYS[3], ARGV[i], ARGV[i + 2])
  post(outbox, KEYS[2], ARGV[i + 1], ARGV[i], now)
end
for name, queue in pairs(outbox) do
  each(queue, 1000, function(...) call('ZADD', name, ...) end)
end
local entry = ''
if ARGV[5] ~= '' then
  entry = call('XADD', KEYS[4], '*', 'record', ARGV[5], 'kept', '')
  bound(KEYS[4], KEYS[5], KEYS[6], #ARGV[5], ARGV[3], ARGV[4])
end
call('UNLINK', t)
call('HSET', t, 'since', ARGV[1], 'state', 'done')
if entry ~= '' then call('HSET', t, 'entry', entry) end
call('PEXPIRE', t, ARGV[2])
return 1
