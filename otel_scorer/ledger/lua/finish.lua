#!lua flags=allow-oom
-- A worker hands in what it found: the first result wins, and the trace is due now.
-- KEYS: 1 trace hash, 2 due, 3 lease, 4 waiting; ARGV: 1 member, 2 result, 3 kept
if call('HGET', KEYS[1], 'm:state') ~= 'waiting' then return 0 end
if call('HSETNX', KEYS[1], 'm:result', ARGV[2]) == 0 then return 0 end
call('HSET', KEYS[1], 'm:kept', ARGV[3], 'm:scored', now_ms())
call('ZREM', KEYS[4], ARGV[1])
arm(KEYS[2], KEYS[3], KEYS[1], ARGV[1], now_ms())
return 1
