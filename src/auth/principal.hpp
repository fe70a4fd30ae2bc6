// Who asks: what a request or a socket acts as once its token has been checked.
#pragma once

#include "base/clock.hpp"

#include <boost/describe.hpp>

#include <cstdint>
#include <string>

namespace showrunner::auth {

/// Each role may do what the ones before it may. Names as the database's enum.
enum class Role : std::uint8_t { viewer, editor, admin };
BOOST_DESCRIBE_ENUM(Role, viewer, editor, admin)

struct Principal {
    std::string user_id;
    std::string name;
    Role role = Role::viewer;
    std::string session_id;
    Time expires_at;  ///< of the access token
};

}  // namespace showrunner::auth
