#!lua flags=allow-oom
-- Whether the holder has the lock now; it goes when it is not renewed. It is renewed when half of its time is over, so that a
-- look into an empty queue writes nothing. KEYS: 1 lock; ARGV: 1 holder, 2 for_ms (0: gives it back)
local holder = call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then
  call('DEL', KEYS[1])
elseif not holder or call('PTTL', KEYS[1]) * 2 < tonumber(ARGV[2]) then
  call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return 1
