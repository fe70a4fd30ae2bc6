#include "jobs/types.hpp"

#include "jobs/job.hpp"

#include <algorithm>
#include <stdexcept>

namespace showrunner::jobs {

Types::Types(std::vector<Handler> handlers) : handlers_{std::move(handlers)} {
    for (auto each = handlers_.begin(); each != handlers_.end(); ++each) {
        bool const again = std::any_of(handlers_.begin(), each, [&](Handler const& other) {
            return other.type == each->type;
        });
        if (again || !is_name(each->type) || !is_name(each->queue)) {
            throw std::logic_error{"a handler's type is no name, or there twice"};
        }
    }
}

Handler const* Types::find(std::string_view type) const {
    for (Handler const& handler : handlers_) {
        if (handler.type == type) return &handler;
    }
    return nullptr;
}

bool Types::has_queue(std::string_view queue) const {
    return std::any_of(handlers_.begin(), handlers_.end(), [&](Handler const& handler) {
        return handler.queue == queue;
    });
}

std::vector<std::string> Types::queues() const {
    std::vector<std::string> all;
    for (Handler const& handler : handlers_) {
        if (std::find(all.begin(), all.end(), handler.queue) == all.end()) {
            all.emplace_back(handler.queue);
        }
    }
    return all;
}

}  // namespace showrunner::jobs
