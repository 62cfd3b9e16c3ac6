#!lua flags=allow-oom
-- A worker takes a trace to score. Any message will do while nobody is at it: a queue longer than `redispatch_s` holds old
-- dispatches only, and must not stand still. A doubled message finds somebody at it.
-- A suspect trace is taken only by who scores it alone: until then it costs no attempt, and it is nobody's.
-- KEYS: 1 trace hash, 2 workers zset; ARGV: 1 worker, 2 dispatch number, 3 alone (1 or 0)
-- Answer: {} or {decision, suspect}
local t = KEYS[1]
local m = call('HMGET', t, 'm:state', 'm:result', 'm:taken', 'm:worker', 'm:decision', 'm:suspect')
if m[1] ~= 'waiting' or m[2] then return {} end
if m[4] == ARGV[1] then
  -- the same call again (its answer was lost) or another message for what we are at
  if m[3] ~= ARGV[2] then return {} end
elseif m[4] and m[4] ~= '' then
  local beat = call('ZSCORE', KEYS[2], m[4])
  if beat and tonumber(beat) > now_ms() then return {} end
end
local suspect = m[6] or '0'
if suspect == '1' and ARGV[3] ~= '1' then return {m[5], suspect} end
call('HSET', t, 'm:worker', ARGV[1], 'm:started', now_ms(), 'm:taken', ARGV[2])
if m[4] ~= ARGV[1] then call('HINCRBY', t, 'm:attempts', 1) end
return {m[5], suspect}
