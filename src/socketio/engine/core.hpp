// What the sessions of one engine share.
#pragma once

#include "socketio/engine/counters.hpp"
#include "socketio/engine/deadlines.hpp"
#include "socketio/engine/engine.hpp"
#include "socketio/engine/message.hpp"
#include "socketio/engine/options.hpp"
#include "socketio/engine/origins.hpp"
#include "socketio/engine/session.hpp"
#include "socketio/engine/turns.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::engineio {

struct Core : std::enable_shared_from_this<Core> {
    Core(
        asio::any_io_executor executor,
        Options settings,
        Handler& above,
        metrics::Registry& registry
    )
        : options{std::move(settings)},
          handler{above},
          counters{registry},
          origins{options.origins},
          deadlines{executor},
          turns{executor} {}

    Options const options;
    Handler& handler;
    Counters counters;
    Origins origins;
    Deadlines deadlines;
    Turns turns;
    std::vector<char> read_buffer = std::vector<char>(64 * 1024);
    MessagePtr const ping = packet("2");
    std::size_t pending_polls = 0;
    /// The key is the session's own id.
    boost::unordered_flat_map<std::string_view, std::shared_ptr<Session>> sessions;
    boost::unordered_flat_map<std::string, std::size_t> sessions_by_address;
};

}  // namespace showrunner::engineio
