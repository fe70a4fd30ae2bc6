// A part of a file as the body of an answer: sent by the kernel where it can be, else read by
// threads of the store.
#pragma once

#include "blobs/disk_file.hpp"
#include "http/message.hpp"

#include <boost/asio/thread_pool.hpp>

namespace showrunner::blobs {

class DiskSource final : public http::BodySource {
public:
    DiskSource(
        asio::thread_pool& threads, Descriptor file, std::uint64_t offset, std::uint64_t length
    )
        : threads_{threads},
          file_{std::make_shared<Descriptor const>(std::move(file))},
          offset_{offset},
          left_{length} {}

    Task<bool> read(std::string& chunk) override;
    [[nodiscard]] std::optional<http::FileSpan> file() const override;
    Task<> warm(std::uint64_t offset, std::uint64_t bytes) override;

private:
    asio::thread_pool& threads_;
    std::shared_ptr<Descriptor const> file_;
    std::uint64_t offset_;
    std::uint64_t left_;
};

}  // namespace showrunner::blobs
