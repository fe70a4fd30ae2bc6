// A part of an object as the body of an answer: as S3 sends it, no faster than the client takes it.
#pragma once

#include "client/download.hpp"
#include "http/message.hpp"

#include <memory>
#include <utility>

namespace showrunner::blobs {

class S3Source final : public http::BodySource {
public:
    /// Without one it is empty.
    explicit S3Source(std::shared_ptr<client::Download> download)
        : download_{std::move(download)} {}

    Task<bool> read(std::string& chunk) override {
        if (!download_) co_return false;
        bool const more = co_await download_->read(chunk);
        co_return more;
    }

private:
    std::shared_ptr<client::Download> download_;
};

}  // namespace showrunner::blobs
