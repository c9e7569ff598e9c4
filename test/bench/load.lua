-- wrk's part of load.js: asks for ids in turn, and tells what came of it.
-- Arguments: method, path, first id, last id

local requests = {}
local asked = 0

function init (args)
  for id = tonumber(args[3]), tonumber(args[4]) do
    requests[#requests + 1] = wrk.format(args[1], args[2] .. id)
  end
end

function request ()
  asked = asked % #requests + 1
  return requests[asked]
end

function done (summary)
  local errors = summary.errors
  io.write(string.format('{"answers":%d,"refused":%d,"errors":%d}\n',
    summary.requests, errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
