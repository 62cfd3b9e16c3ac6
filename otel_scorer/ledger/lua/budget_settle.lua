#!lua flags=allow-oom
-- What a reserved call cost in the end. A reservation that is settled or has expired stays as it was counted.
-- KEYS: 1 zset of reservations by expiry, 2 hash of reservations, 3 prefix of the days' hashes; ARGV: 1 reservation, 2 amount
-- Answer: 1 settled, 0 unknown
local entry = redis.call('HGET', KEYS[2], ARGV[1])
if not entry then return 0 end
local number, amount, tenant = string.match(entry, '^(%d+) (%d+) (.*)$')
local day = KEYS[3] .. number
redis.call('HINCRBY', day, 'r', '-' .. amount)
redis.call('HINCRBY', day, 'r/' .. tenant, '-' .. amount)
redis.call('HINCRBY', day, 's', ARGV[2])
redis.call('HINCRBY', day, 's/' .. tenant, ARGV[2])
redis.call('PEXPIRE', day, 172800000)
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[1], ARGV[1])
return 1
