// JOB_QUEUE=sqs: what a process needs to hand out and take jobs by way of SQS.
#pragma once

#include "api/services.hpp"
#include "aws/credentials.hpp"
#include "jobs/outbox.hpp"
#include "jobs/sqs_dispatcher.hpp"
#include "jobs/sqs_link.hpp"
#include "jobs/sqs_source.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace showrunner::jobs {

struct SqsEngineOptions {
    std::string prefix;
    std::chrono::seconds resend_after{300};
    std::vector<std::string> queues;  ///< that messages are sent to
    std::vector<std::string> worked;  ///< that this process takes jobs from
    int concurrency = 0;              ///< 0: takes none
    std::chrono::seconds lease{30};
};

class SqsEngine {
public:
    /// Throws std::runtime_error with a sentence when `environment` lacks something, or the prefix
    /// won't do.
    SqsEngine(
        asio::any_io_executor executor,
        api::Services& services,
        aws::Environment environment,
        SqsEngineOptions options
    );

    static void declare_metrics(metrics::Registry& registry);

    /// Before the loops.
    Task<> prepare() { return outbox_.prepare(); }

    struct Loop {
        std::string name;
        std::function<Task<>()> run;
    };

    /// Each until cancelled; under supervise().
    [[nodiscard]] std::vector<Loop> loops();

    /// There may be something to send.
    void wake() { dispatcher_.wake(); }

    [[nodiscard]] Source& source() { return source_; }

private:
    SqsEngineOptions options_;
    SqsLink link_;
    Outbox outbox_;
    SqsDispatcher dispatcher_;
    SqsSource source_;
};

}  // namespace showrunner::jobs
