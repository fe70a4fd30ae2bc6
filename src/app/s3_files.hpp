// With FILE_STORE=s3: the connection to S3 that the store of files stands on. It has a client of
// its own, because answers that are read for minutes must not hold up webhooks.
#pragma once

#include "app/config.hpp"
#include "aws/s3.hpp"
#include "blobs/store.hpp"
#include "client/http.hpp"

#include <memory>

namespace showrunner::app {

class S3Files {
public:
    /// From the configuration and the usual AWS_ variables. Throws std::runtime_error for what an
    /// operator has to mend.
    S3Files(
        asio::any_io_executor executor,
        Config const& config,
        Clock const& clock,
        metrics::Registry& registry
    );

    /// Uses this connection.
    [[nodiscard]] std::unique_ptr<blobs::Store> make_store();

private:
    client::Http http_;
    aws::S3 s3_;
    std::string prefix_;
};

/// Nothing for another store.
[[nodiscard]] std::unique_ptr<S3Files> make_s3_files(
    asio::any_io_executor executor,
    Config const& config,
    Clock const& clock,
    metrics::Registry& registry
);

/// Throws std::runtime_error when its keys don't go together.
void check_file_store(Config const& config);

}  // namespace showrunner::app
