// Lets an Engine.IO server answer requests that the HTTP server received. The two do not know each
// other; this is the translation.
#pragma once

#include "http/server.hpp"
#include "socketio/engine/engine.hpp"

namespace showrunner::app {

class EngineOverHttp {
public:
    explicit EngineOverHttp(engineio::Engine& engine) : engine_{engine} {}

    /// True for requests that are the engine's; only those may be given to the functions below.
    [[nodiscard]] bool matches(http::Request const& request) const;

    [[nodiscard]] http::Plan plan() const;
    Task<http::Response> serve(http::Request& request);
    void upgrade(http::Request const& request, http::Upgrade& upgrade);

private:
    engineio::Engine& engine_;
};

}  // namespace showrunner::app
