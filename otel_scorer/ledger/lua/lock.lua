#!lua flags=allow-oom
-- Whether the holder has the lock now; it goes when it is not renewed. KEYS: 1 lock; ARGV: 1 holder, 2 for_ms
local holder = call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
