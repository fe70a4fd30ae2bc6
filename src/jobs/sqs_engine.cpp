#include "jobs/sqs_engine.hpp"

#include <algorithm>
#include <stdexcept>

namespace showrunner::jobs {

namespace {

constexpr int senders = 8;
constexpr int chore_loops = 4;
constexpr int receivers_max = 4;

/// Each brings up to ten messages at a time.
int receivers_of(int concurrency) {
    return std::clamp(concurrency / 10, 1, receivers_max);
}

void check(std::string const& prefix) {
    for (char const c : prefix) {
        bool const fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '_' || c == '-';
        if (!fits) {
            throw std::runtime_error{"sqs_prefix may have letters, digits, hyphens and underscores"
            };
        }
    }
}

SqsLinkOptions link_options(aws::Environment environment, SqsEngineOptions const& options) {
    check(options.prefix);
    if (!environment.credentials) {
        throw std::runtime_error{
            "job_queue is sqs, which needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        };
    }
    if (environment.sqs_endpoint.empty()) {
        throw std::runtime_error{
            "job_queue is sqs, which needs AWS_REGION, or AWS_ENDPOINT_URL_SQS for a server that "
            "speaks SQS"
        };
    }
    SqsLinkOptions link;
    link.sqs.endpoint = std::move(environment.sqs_endpoint);
    link.sqs.region = std::move(environment.region);
    link.sqs.credentials = std::move(*environment.credentials);
    link.prefix = options.prefix;
    // Those of the queues, and the look into the dead letters.
    link.receivers =
        options.worked.size() * static_cast<std::size_t>(receivers_of(options.concurrency)) + 1;
    return link;
}

}  // namespace

SqsEngine::SqsEngine(
    asio::any_io_executor executor,
    api::Services& services,
    aws::Environment environment,
    SqsEngineOptions options
)
    : options_{std::move(options)},
      link_{
          executor, services.clock, services.metrics, link_options(std::move(environment), options_)
      },
      outbox_{services.jobs_db, services.clock, {.resend_after = options_.resend_after}},
      dispatcher_{
          executor, link_, outbox_, services.metrics, options_.queues, options_.resend_after
      },
      source_{
          executor,
          link_,
          Queue{services.jobs_db, services.clock},
          outbox_,
          {options_.concurrency, options_.lease}
      } {
    declare_metrics(services.metrics);
}

void SqsEngine::declare_metrics(metrics::Registry& registry) {
    SqsLink::declare_metrics(registry);
    SqsDispatcher::declare_metrics(registry);
}

std::vector<SqsEngine::Loop> SqsEngine::loops() {
    std::vector<Loop> all;
    all.push_back({"job_outbox", [this] { return dispatcher_.collect(); }});
    for (int n = 0; n < senders; ++n) {
        all.push_back({"sqs_send", [this] { return dispatcher_.send(); }});
    }
    all.push_back({"sqs_confirm", [this] { return dispatcher_.confirm(); }});
    all.push_back({"sqs_sweep", [this] { return dispatcher_.sweep(); }});
    all.push_back({"sqs_dead", [this] { return dispatcher_.import_dead(); }});
    if (options_.concurrency == 0) return all;
    for (std::string const& queue : options_.worked) {
        for (int n = 0; n < receivers_of(options_.concurrency); ++n) {
            all.push_back({"sqs_receive", [this, queue] { return source_.receive(queue); }});
        }
    }
    for (int n = 0; n < chore_loops; ++n) {
        all.push_back({"sqs_chores", [this] { return source_.carry_out(); }});
    }
    all.push_back({"sqs_care", [this] { return source_.look_after(); }});
    return all;
}

}  // namespace showrunner::jobs
