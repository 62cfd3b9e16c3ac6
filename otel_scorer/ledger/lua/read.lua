#!lua flags=no-writes
-- Everything of traces, as far as they are small. ARGV: 1 prefix of keys, 2 most bytes of one, 3 with their heads (1 or 0), then members
-- Answer: for each {fields, held bundles with their times, heads or ''}, no fields for one that is too large
local prefix, most = ARGV[1], tonumber(ARGV[2])
local out = {}
for i = 4, #ARGV do
  local t = prefix .. 't:' .. ARGV[i]
  local m = call('HMGET', t, 'm:bytes', 'm:more', 'm:next')
  local heads = ARGV[3] == '1' and index_of(call('HGET', t, 'g'), m[2], prefix .. 'g:' .. ARGV[i]) or ''
  if tonumber(m[1] or 0) > most then
    out[i - 3] = {false, {}, heads}
  else
    out[i - 3] = {call('HGETALL', t), m[3] and call('ZRANGE', prefix .. 'a:' .. ARGV[i], 0, -1, 'WITHSCORES') or {}, heads}
  end
end
return out
