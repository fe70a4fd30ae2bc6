// What the tests of the queue and the outbox stand on.
#pragma once

#include "jobs/queue.hpp"
#include "support/server.hpp"

#include <doctest/doctest.h>

#include <string>

namespace showrunner::test {

/// A server that takes no jobs, and the queue as a processor sees it.
struct QueueTest {
    TestServer server{without_processor()};
    asio::io_context io{1};
    metrics::Registry metrics;
    db::Pool pool{io.get_executor(), options(), metrics};
    SystemClock clock;
    jobs::Queue queue{pool, clock};

    [[nodiscard]] static app::Config without_processor() {
        app::Config config;
        config.job_concurrency = 0;
        return config;
    }

    [[nodiscard]] db::PoolOptions options() const {
        db::PoolOptions options;
        options.url = server.database().url();
        options.connections = 4;
        return options;
    }

    template <typename T>
    T run(Task<T> task) {
        return test::run(io, std::move(task));
    }

    /// A job of the type `check`, with more members of the request: `,"priority":0`. Its id.
    std::string create(std::string const& more = {}) {
        auto const answer = server.call(
            auth::Role::editor, "POST", "/api/v1/jobs", R"({"type":"check")" + more + "}"
        );
        REQUIRE(answer.status == 201);
        return at(answer.body, "data.id");
    }
};

}  // namespace showrunner::test
