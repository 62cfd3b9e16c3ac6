#!lua flags=allow-oom
-- Records that the history has, or that nobody can read, leave the stream.
-- KEYS: 1 stream, 2 bytes of the stream, 3 lost records counter; ARGV: 1 how many of them are lost, then (id, bytes) pairs
local gone, bytes = 0, 0
for i = 2, #ARGV, 2 do
  if call('XDEL', KEYS[1], ARGV[i]) == 1 then
    gone = gone + 1
    bytes = bytes + ARGV[i + 1]
  end
end
if bytes > 0 then call('DECRBY', KEYS[2], bytes) end
if gone > 0 and ARGV[1] ~= '0' then call('INCRBY', KEYS[3], ARGV[1]) end
if call('XLEN', KEYS[1]) == 0 then call('DEL', KEYS[2]) end
return gone
