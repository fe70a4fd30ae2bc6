// The types of jobs that this installation has handlers for.
#pragma once

#include "jobs/handler.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace showrunner::jobs {

class Types {
public:
    explicit Types(std::vector<Handler> handlers);

    [[nodiscard]] std::vector<Handler> const& all() const { return handlers_; }

    [[nodiscard]] Handler const* find(std::string_view type) const;

    /// The queue is worked by the server's own processors.
    [[nodiscard]] bool has_queue(std::string_view queue) const;

    /// Of all handlers, each once.
    [[nodiscard]] std::vector<std::string> queues() const;

private:
    std::vector<Handler> handlers_;
};

}  // namespace showrunner::jobs
