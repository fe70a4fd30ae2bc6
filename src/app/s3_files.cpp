#include "app/s3_files.hpp"

#include "aws/credentials.hpp"
#include "blobs/s3_store.hpp"

#include <algorithm>
#include <stdexcept>

namespace showrunner::app {

namespace {

/// Uploads and downloads are some of the requests under way.
constexpr client::Limits limits{.active_max = 512, .waiting_max = 1'024, .idle_max = 64};

/// Between what AWS has, and what everybody else's has.
aws::BucketStyle style_of(std::string_view style, std::string_view endpoint) {
    if (style == "path") return aws::BucketStyle::path;
    if (style == "virtual") return aws::BucketStyle::virtual_host;
    bool const amazon = endpoint.find(".amazonaws.com") != std::string_view::npos;
    return amazon ? aws::BucketStyle::virtual_host : aws::BucketStyle::path;
}

aws::S3Options options_for(Config const& config) {
    aws::Environment environment = aws::read_environment(aws::variable);
    if (!environment.credentials) {
        throw std::runtime_error{"file_store = s3 needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        };
    }
    if (environment.s3_endpoint.empty()) {
        throw std::runtime_error{"file_store = s3 needs AWS_REGION or AWS_ENDPOINT_URL_S3"};
    }
    aws::S3Options options;
    options.style = style_of(config.s3_style, environment.s3_endpoint);
    options.endpoint = std::move(environment.s3_endpoint);
    options.region = std::move(environment.region);
    options.credentials = std::move(*environment.credentials);
    options.bucket = config.s3_bucket;
    return options;
}

/// What S3 allows, so that it is a name in a URL and in a host.
bool is_bucket(std::string_view name) {
    return name.size() >= 3 && name.size() <= 63 && std::ranges::all_of(name, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
           });
}

}  // namespace

S3Files::S3Files(
    asio::any_io_executor executor,
    Config const& config,
    Clock const& clock,
    metrics::Registry& registry
)
    : http_{std::move(executor), registry, limits},
      s3_{http_, clock, registry, options_for(config)},
      prefix_{config.s3_prefix} {
    if (!prefix_.empty() && !prefix_.ends_with('/')) prefix_ += '/';
}

std::unique_ptr<blobs::Store> S3Files::make_store() {
    return std::make_unique<blobs::S3Store>(s3_, prefix_);
}

std::unique_ptr<S3Files> make_s3_files(
    asio::any_io_executor executor,
    Config const& config,
    Clock const& clock,
    metrics::Registry& registry
) {
    if (config.file_store != "s3") return nullptr;
    return std::make_unique<S3Files>(std::move(executor), config, clock, registry);
}

void check_file_store(Config const& config) {
    if (config.file_store != "disk" && config.file_store != "s3") {
        throw std::runtime_error{"file_store must be disk or s3"};
    }
    if (config.s3_style != "auto" && config.s3_style != "path" && config.s3_style != "virtual") {
        throw std::runtime_error{"s3_style must be auto, path or virtual"};
    }
    if (config.file_store == "s3" && !is_bucket(config.s3_bucket)) {
        throw std::runtime_error{"file_store = s3 needs s3_bucket, the name of a bucket"};
    }
    if (config.s3_prefix.find_first_not_of(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./"
        ) != std::string::npos) {
        throw std::runtime_error{"s3_prefix must be letters, digits and -_./"};
    }
}

}  // namespace showrunner::app
