// A job that does nothing, for as long and as badly as it is told.
#include "jobs/feature.hpp"

namespace showrunner::jobs {

namespace {

constexpr std::chrono::milliseconds step{100};

}  // namespace

Task<> run_check(Run& run) {
    auto const args = run.args<CheckArgs>();
    std::chrono::milliseconds const duration{args.duration_ms.value_or(0)};
    auto const begin = std::chrono::steady_clock::now();
    if (duration.count() > 0) run.log(LogLevel::info, "begun");
    for (;;) {
        auto const passed = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - begin
        );
        if (passed >= duration) break;
        run.progress(static_cast<int>(100 * passed / duration));
        co_await sleep_for(std::min(step, duration - passed));
    }
    if (args.fail_for_good.value_or(false)) throw final_failure("CHECK", "Told to fail for good.");
    if (run.job.attempt <= args.fail_attempts.value_or(0)) {
        throw Error{Code::internal, "CHECK", "Told to fail."};
    }
    if (duration.count() > 0) run.log(LogLevel::info, "done");
    run.result = fmt::format(R"({{"attempt":{}}})", run.job.attempt);
}

}  // namespace showrunner::jobs
