-- GET of BENCH_PATH: BENCH_BYTES somewhere in its BENCH_SIZE bytes, or with 0 all of it.
local folder = debug.getinfo(1, "S").source:match("@(.*/)")
dofile(folder .. "report.lua")

local token = os.getenv("BENCH_TOKEN")
if token ~= "" then wrk.headers["Authorization"] = "Bearer " .. token end

local path = os.getenv("BENCH_PATH")
local bytes = tonumber(os.getenv("BENCH_BYTES"))
local places = bytes > 0 and math.floor(tonumber(os.getenv("BENCH_SIZE")) / bytes)

function request()
  if places then
    local first = math.random(0, places - 1) * bytes
    wrk.headers["Range"] = string.format("bytes=%d-%d", first, first + bytes - 1)
  end
  return wrk.format(nil, path)
end
