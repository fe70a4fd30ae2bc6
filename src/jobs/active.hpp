// An attempt under way in this process.
#pragma once

#include "jobs/processor.hpp"

#include <boost/asio/cancellation_signal.hpp>

namespace showrunner::jobs {

struct Processor::Active {
    Claimed job;
    Handler const* handler = nullptr;
    std::shared_ptr<asio::cancellation_signal> cancel =
        std::make_shared<asio::cancellation_signal>();
    std::chrono::steady_clock::time_point began;
    std::chrono::steady_clock::time_point deadline;
    std::chrono::steady_clock::time_point stopped_at;
    Stop why = Stop::none;
    bool ended = false;    ///< the handler has returned
    bool changed = false;  ///< what is below is to be reported
    bool logged = false;
    std::optional<int> progress;
    std::optional<std::string> message;
    int lines = 0;
    std::string result;  ///< JSON object; empty: none

    [[nodiscard]] Held held() const { return {job.id, job.lease}; }
};

class Processor::ActiveRun final : public Run {
public:
    ActiveRun(Processor& processor, Active& active)
        : Run{processor.services_, active.job}, processor_{processor}, active_{active} {}

    void progress(int percent, std::string message) override;
    void log(LogLevel level, std::string text) override;

private:
    Processor& processor_;
    Active& active_;
};

}  // namespace showrunner::jobs
