#!lua flags=allow-oom
-- The factors of a window, by tenant: the first to tell one is heard.
-- KEYS: 1 the window's hash; ARGV: 1 for_ms, then tenant and factor; Answer: the factors that hold
local held = {}
for i = 2, #ARGV, 2 do
  call('HSETNX', KEYS[1], 'f/' .. ARGV[i], ARGV[i + 1])
  held[#held + 1] = call('HGET', KEYS[1], 'f/' .. ARGV[i])
end
call('PEXPIRE', KEYS[1], ARGV[1])
return held
