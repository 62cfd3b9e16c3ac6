#!lua flags=allow-oom
-- Records that the history has, or that nobody can read, leave the stream.
-- KEYS: 1 stream, 2 bytes of the stream, 3 lost records counter; ARGV: 1 how many of them are lost, then (id, bytes) pairs
local gone = 0
for i = 2, #ARGV, 2 do
  if redis.call('XDEL', KEYS[1], ARGV[i]) == 1 then
    gone = gone + 1
    redis.call('DECRBY', KEYS[2], ARGV[i + 1])
  end
end
if gone > 0 and ARGV[1] ~= '0' then redis.call('INCRBY', KEYS[3], ARGV[1]) end
if redis.call('XLEN', KEYS[1]) == 0 then redis.call('DEL', KEYS[2]) end
return gone
