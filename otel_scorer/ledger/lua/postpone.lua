#!lua flags=allow-oom
-- Outbox records that the backend did not take are due later. KEYS: 1 outbox zset; ARGV: 1 at_ms, then ids
for i = 2, #ARGV do call('ZADD', KEYS[1], 'XX', ARGV[1], ARGV[i]) end
return 1
