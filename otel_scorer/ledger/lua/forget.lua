#!lua flags=allow-oom
-- Records that the history has, or that nobody can read, leave the stream.
-- KEYS: 1 stream, 2 bytes of the stream, 3 lost records counter; ARGV: 1 how many of them are lost, then ids, then bytes of each
local ids, bytes, gone, freed = {}, {}, 0, 0
local count = (#ARGV - 1) / 2
for i = 1, count do
  ids[i], bytes[i] = ARGV[1 + i], ARGV[1 + count + i]
end
-- only the oldest are ever lost: where the first is there, all are
local oldest = call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
if oldest and oldest[1] == ids[1] then
  each(ids, 1000, function(...) gone = gone + call('XDEL', KEYS[1], ...) end)
  for i = 1, count do freed = freed + bytes[i] end
else
  for i, id in ipairs(ids) do
    if call('XDEL', KEYS[1], id) == 1 then gone, freed = gone + 1, freed + bytes[i] end
  end
end
if freed > 0 then call('DECRBY', KEYS[2], freed) end
if gone > 0 and ARGV[1] ~= '0' then call('INCRBY', KEYS[3], ARGV[1]) end
if call('XLEN', KEYS[1]) == 0 then call('DEL', KEYS[2]) end
return gone
