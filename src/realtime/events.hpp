// Events of the real-time layer itself.
#pragma once

#include "base/json.hpp"
#include "events/spec.hpp"

#include <boost/describe.hpp>
#include <boost/mp11.hpp>

#include <string>

namespace showrunner::realtime {

/// On record, so that it reaches every node and every client that was away, and nobody can deny it.
struct MessageSent {
    static constexpr events::Spec spec{
        .name = "message_sent",
        .action = "BROADCAST",
        .resource = "message",
        .audience = events::Audience::admins,
        .summary = "sent \"{event}\" to {room}",
        .when = "An admin sent a message to connected clients.",
    };
    std::string event;
    std::string room;
    json::Raw message;
};
BOOST_DESCRIBE_STRUCT(MessageSent, (), (event, room, message))

using Events = boost::mp11::mp_list<MessageSent>;

}  // namespace showrunner::realtime
