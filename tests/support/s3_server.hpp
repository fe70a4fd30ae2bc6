// For tests: a client of the S3 that SHOWRUNNER_TEST_S3 names, with a bucket of its own.
#pragma once

#include "aws/s3.hpp"
#include "base/id.hpp"
#include "support/run.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <doctest/doctest.h>

#include <memory>
#include <string>

namespace showrunner::test {

/// Says what it is told to.
class ManualClock final : public Clock {
public:
    explicit ManualClock(Time time) : time_{time} {}

    [[nodiscard]] Time now() const override { return time_; }

private:
    Time time_;
};

struct LiveS3 {
    explicit LiveS3(aws::BucketStyle style = aws::BucketStyle::path) : options{options_for(style)} {
        run(s3.create_bucket());
    }

    /// Says so when there is no server to test against.
    static bool is_there() {
        if (aws::variable("SHOWRUNNER_TEST_S3")) return true;
        MESSAGE("not run: SHOWRUNNER_TEST_S3 names no server");
        return false;
    }

    static aws::S3Options options_for(aws::BucketStyle style) {
        aws::Environment const environment = aws::read_environment(aws::variable);
        aws::S3Options options;
        options.endpoint = aws::variable("SHOWRUNNER_TEST_S3").value_or("");
        if (style == aws::BucketStyle::virtual_host) {
            auto const host = options.endpoint.find("127.0.0.1");
            options.endpoint.replace(host, std::string_view{"127.0.0.1"}.size(), "localhost");
        }
        options.region = environment.region;
        options.credentials = environment.credentials.value();
        options.bucket = "test-" + some_name();
        options.style = style;
        options.attempts_max = 30;  // A busy machine takes its time to start the server.
        return options;
    }

    static std::string some_name() { return sha256_hex(random_token(9)).substr(0, 16); }

    static aws::S3Content content(std::string text) {
        std::string hash = sha256_hex(text);
        return {
            .bytes = std::make_shared<std::string const>(std::move(text)),
            .sha256 = std::move(hash),
        };
    }

    template <typename T>
    T run(Task<T> task) {
        return test::run(io, std::move(task));
    }

    std::string read(std::string const& key, std::uint64_t offset, std::uint64_t length) {
        auto reading = [](aws::S3& from, std::string name, std::uint64_t at, std::uint64_t bytes
                       ) -> Task<std::string> {
            auto const download = co_await from.get(std::move(name), at, bytes);
            std::string all;
            std::string chunk;
            for (;;) {
                bool const more = co_await download->read(chunk);
                if (!more) break;
                all += chunk;
            }
            co_return all;
        };
        return run(reading(s3, key, offset, length));
    }

    template <typename T>
    std::string token_of(Task<T> task) {
        try {
            static_cast<void>(run(std::move(task)));
        } catch (Error const& error) {
            return error.token;
        }
        return "";
    }

    std::string token_of(Task<> task) {
        try {
            run(std::move(task));
        } catch (Error const& error) {
            return error.token;
        }
        return "";
    }

    void control(std::string const& command) {
        client::Request request;
        request.url = aws::variable("SHOWRUNNER_TEST_S3_CONTROL").value() + command;
        request.allow = client::is_any;
        client::Response const response = run(http.send(request));
        REQUIRE(response.status == 200);
    }

    metrics::Registry registry;
    asio::io_context io{1};
    SystemClock clock;
    client::Http http{io.get_executor(), registry};
    aws::S3Options options;
    aws::S3 s3{http, clock, registry, options};
};

}  // namespace showrunner::test
