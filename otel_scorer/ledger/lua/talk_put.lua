#!lua
-- Hands a conversation to the workers, unless somebody else has done so since the look on which its draft was made.
-- KEYS: 1 conversation hash; ARGV: 1 waiting since, 2 kept for ms, 3 since of what was done then or '', then fields and values
local m = call('HMGET', KEYS[1], 'since', 'state')
if (m[1] or '') ~= ARGV[3] or (m[1] and m[2] ~= 'done') then return 0 end
call('UNLINK', KEYS[1])
call('HSET', KEYS[1], 'since', ARGV[1], 'state', 'waiting', 'created', now_ms(), 'dispatched', now_ms(), 'dispatch', 1,
  'attempts', 0, 'worker', '')
for i = 4, #ARGV, 2 do call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
call('PEXPIRE', KEYS[1], ARGV[2])
return 1
