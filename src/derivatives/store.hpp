// Derivatives in PostgreSQL and in the store of blobs.
#pragma once

#include "api/services.hpp"
#include "derivatives/derivative.hpp"

#include <optional>
#include <string>
#include <vector>

namespace showrunner::derivatives {

/// Of a blob's SHA-256, in the addresses that are good for ever.
inline constexpr std::size_t version_digits = 12;

/// One of a file's, as it is on record.
struct Kept {
    Role role = Role::thumbnail;
    int width = 0;
    int height = 0;
    std::string media_type;
    State state = State::ready;
    std::optional<json::Raw> error;
    std::optional<std::string> blob_id;
    Time made_at;
    std::optional<std::string> key;
    std::optional<std::string> sha256;
    std::optional<std::int64_t> bytes;
};
BOOST_DESCRIBE_STRUCT(
    Kept, (), (role, width, height, media_type, state, error, blob_id, made_at, key, sha256, bytes)
)

/// Puts their bytes into the store, and them on record in place of all that the file had before; as
/// the file's record shows them. Nothing, when the file is not there any more.
Task<std::optional<std::vector<Derivative>>> keep(
    api::Services& services, std::string file_id, std::vector<Made> made
);

/// Of the roles, by width.
Task<std::vector<Kept>> find(api::Services& services, std::string file_id, std::vector<Role> roles);

}  // namespace showrunner::derivatives
