#!lua flags=allow-oom
-- Money for one judge call, in millionths. Reservations that have expired count as spent: their calls may have been made.
-- KEYS: 1 zset of reservations by expiry, 2 hash of reservations, 3 prefix of the days' hashes
-- ARGV: 1 reservation, 2 tenant, 3 amount, 4 for_ms, 5 limit of a day, 6 limit of a day for one tenant
-- Answer: 1 reserved (also when this very call was run before), 0 refused
local now = now_ms()
local day_ms = 86400000
local today = math.floor(now / day_ms)
local day = KEYS[3] .. today

local function move(entry)
  local number, amount, tenant = string.match(entry, '^(%d+) (%d+) (.*)$')
  local of_day = KEYS[3] .. number
  redis.call('HINCRBY', of_day, 'r', '-' .. amount)
  redis.call('HINCRBY', of_day, 'r/' .. tenant, '-' .. amount)
  redis.call('HINCRBY', of_day, 's', amount)
  redis.call('HINCRBY', of_day, 's/' .. tenant, amount)
  redis.call('PEXPIRE', of_day, 2 * day_ms)
end

if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then return 1 end
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1000)) do
  local entry = redis.call('HGET', KEYS[2], name)
  if entry then move(entry) end
  redis.call('HDEL', KEYS[2], name)
  redis.call('ZREM', KEYS[1], name)
end

local used = redis.call('HMGET', day, 'r', 's', 'r/' .. ARGV[2], 's/' .. ARGV[2])
local all = (tonumber(used[1]) or 0) + (tonumber(used[2]) or 0)
local own = (tonumber(used[3]) or 0) + (tonumber(used[4]) or 0)
if all + ARGV[3] > tonumber(ARGV[5]) or own + ARGV[3] > tonumber(ARGV[6]) then return 0 end
redis.call('HINCRBY', day, 'r', ARGV[3])
redis.call('HINCRBY', day, 'r/' .. ARGV[2], ARGV[3])
redis.call('PEXPIRE', day, 2 * day_ms)
redis.call('HSET', KEYS[2], ARGV[1], today .. ' ' .. ARGV[3] .. ' ' .. ARGV[2])
redis.call('ZADD', KEYS[1], now + ARGV[4], ARGV[1])
return 1
