// How far a staged upload has come at S3: the text beside its offset.
#pragma once

#include "base/json.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace showrunner::blobs {

struct S3Progress {
    std::string upload;                ///< the multipart upload's id; empty before the first part
    std::int64_t parts = 0;            ///< whole ones; what follows them is the tail
    std::int64_t part_bytes = 0;       ///< in them
    std::vector<std::int64_t> stale;   ///< offsets of tails replaced since the last sync()
    std::vector<std::int64_t> doomed;  ///< before it: no record needs them
    std::optional<std::int64_t> direct_bytes;  ///< of an upload past this server

    static constexpr std::array rules{
        json::Rule{.field = "parts", .min = 0, .max = 10'000},
        json::Rule{.field = "part_bytes", .min = 0, .max = std::int64_t{1} << 50U},
    };
};
BOOST_DESCRIBE_STRUCT(S3Progress, (), (upload, parts, part_bytes, stale, doomed, direct_bytes))

}  // namespace showrunner::blobs
