#!lua flags=allow-oom
-- A worker hands in what it found of a conversation; the first result wins, and its content is no longer needed.
-- KEYS: 1 conversation hash; ARGV: 1 waiting since, 2 record or '', 3 outbox items
local m = call('HMGET', KEYS[1], 'state', 'since')
if m[1] ~= 'waiting' or m[2] ~= ARGV[1] then return 0 end
call('HSET', KEYS[1], 'state', 'scored', 'record', ARGV[2], 'outbox', ARGV[3])
call('HDEL', KEYS[1], 'content', 'draft')
return 1
