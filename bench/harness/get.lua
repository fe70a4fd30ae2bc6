-- GET: with BENCH_ROWS one of the seeded records at random, else BENCH_PATH.
local folder = debug.getinfo(1, "S").source:match("@(.*/)")
dofile(folder .. "report.lua")

wrk.headers["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN")

local rows = tonumber(os.getenv("BENCH_ROWS"))
local path = os.getenv("BENCH_PATH")

function request()
  if rows then
    path = string.format("/api/v1/episodes/00000000-0000-0000-0000-%012d", math.random(rows))
  end
  return wrk.format(nil, path)
end
