#!lua flags=allow-oom
-- Counts a batch of sealed traces in the running window and tells what the last one holds, which nobody changes any more.
-- Run twice (a lost answer) it counts twice: a window's share of such batches is small, and no draw is looked at.
-- KEYS: 1 prefix of the windows' hashes, 2 prefix of the days' hashes
-- ARGV: 1 window_ms, 2 most segments, 3 traces taken since, 4 number of tenants, the tenants, then for each trace: number of its
--       tenant, probability by its rules, number of strata, and for each of these: segment, target
-- Answer: window, now, money spent today, money of today and yesterday, traces taken in both, demand of the last window,
--         {for each tenant: factor or '', demand, money spent today}, {count of each segment asked for}
local now = now_ms()
local window_ms, most, tenants = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[4])
local window = math.floor(now / window_ms)
local this, last = KEYS[1] .. window, KEYS[1] .. (window - 1)
local day_ms = 86400000
local today, yesterday = KEYS[2] .. math.floor(now / day_ms), KEYS[2] .. (math.floor(now / day_ms) - 1)
local OTHER = 'n/'

local function exactly(number) return string.format('%.17g', number) end
local function number_at(key, name) return tonumber(call('HGET', key, name) or '0') end
local function spent(day, of) return number_at(day, 's' .. of) + number_at(day, 'r' .. of) end

local full = call('HLEN', last) >= most
local function before(segment)
  local found = call('HGET', last, 'n/' .. segment)
  if not found and full then found = call('HGET', last, OTHER) end
  return tonumber(found or '0')
end

local added, of_tenant, counts, total = {}, {}, {}, 0
local at = 5 + tenants
while at <= #ARGV do
  local tenant, wanted, strata = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  at = at + 3
  for _ = 1, strata do
    local segment, target = ARGV[at], tonumber(ARGV[at + 1])
    local count = before(segment)
    counts[#counts + 1] = count
    wanted = math.max(wanted, count > 0 and math.min(1, target / count) or 1)
    added[segment] = (added[segment] or 0) + 1
    at = at + 2
  end
  of_tenant[tenant] = (of_tenant[tenant] or 0) + wanted
  total = total + wanted
end

for segment, more in pairs(added) do
  local name = 'n/' .. segment
  if call('HLEN', this) >= most and call('HEXISTS', this, name) == 0 then name = OTHER end
  call('HINCRBY', this, name, more)
end
local told = {}
for i = 1, tenants do
  local tenant = ARGV[4 + i]
  call('HINCRBYFLOAT', this, 'd/' .. tenant, exactly(of_tenant[i] or 0))
  told[#told + 1] = call('HGET', this, 'f/' .. tenant) or ''
  told[#told + 1] = call('HGET', last, 'd/' .. tenant) or '0'
  told[#told + 1] = exactly(spent(today, '/' .. tenant))
end
call('HINCRBYFLOAT', this, 'd', exactly(total))
call('PEXPIRE', this, 3 * window_ms)
if tonumber(ARGV[3]) > 0 then
  call('HINCRBYFLOAT', today, 'taken', ARGV[3])
  call('PEXPIRE', today, 2 * day_ms)
end
return {
  window, now, exactly(spent(today, '')), exactly(spent(today, '') + spent(yesterday, '')),
  exactly(number_at(today, 'taken') + number_at(yesterday, 'taken')), exactly(number_at(last, 'd')), told, counts,
}
