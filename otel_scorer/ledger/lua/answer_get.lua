#!lua flags=allow-oom
-- A remembered answer that has not expired, else nothing.
-- KEYS: 1 zset of answers by expiry, 2 hash of answers; ARGV: 1 name
local until_ms = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not until_ms or tonumber(until_ms) <= now_ms() then return false end
return redis.call('HGET', KEYS[2], ARGV[1])
