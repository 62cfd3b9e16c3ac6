#!lua flags=allow-oom
-- A worker that could not score the trace lets it go; it is dispatched again after the delay.
-- KEYS: 1 trace hash, 2 due, 3 lease; ARGV: 1 member, 2 worker, 3 delay_ms, 4 why: 'crash' (it killed the process that scored it alone),
--       'hang' (it was stopped: from now on it is scored alone, where it can be killed), 'rubric' (the worker lacks the pinned rubric) or ''
local t = KEYS[1]
if call('HGET', t, 'm:worker') ~= ARGV[2] then return 0 end
call('HDEL', t, 'm:worker', 'm:started', 'm:dispatched')
call('HINCRBY', t, 'm:attempts', -1)
if ARGV[4] == 'crash' then call('HINCRBY', t, 'm:crashes', 1) end
if ARGV[4] == 'hang' then call('HSET', t, 'm:suspect', 1) end
if ARGV[4] == 'rubric' then call('HSET', t, 'm:no_rubric', 1) end
arm(KEYS[2], KEYS[3], t, ARGV[1], now_ms() + tonumber(ARGV[3]))
return 1
