-- POST /api/v1/episodes, each with a number of its own in season BENCH_SEASON.
local folder = debug.getinfo(1, "S").source:match("@(.*/)")
dofile(folder .. "report.lua")

local season = os.getenv("BENCH_SEASON")
local number = 0
local head = '{"season_number":' .. season .. ',"episode_number":'
local tail = ',"title":"The One Where It All Begins","description":"'
  .. string.rep("A description of ordinary length. ", 6)
  .. '","air_date":"2026-01-31","categories":["drama","mystery"],'
  .. '"metadata":{"director":"A. Nother","runtime":42}}'

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN")

function request()
  number = number + 1
  return wrk.format(nil, "/api/v1/episodes", nil, head .. number .. tail)
end
