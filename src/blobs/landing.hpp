// A file that is made from what another machine sends: whole, or not there. For the threads of a
// store.
#pragma once

#include "blobs/disk_file.hpp"

#include <fcntl.h>

#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

namespace showrunner::blobs {

/// Writes to `path` what comes, and leaves nothing there when it does not come whole.
class Landing {
public:
    explicit Landing(std::filesystem::path path) : path_{std::move(path)}, rough_{path_} {
        rough_ += ".part";
    }

    ~Landing() {
        std::error_code ignored;
        std::filesystem::remove(rough_, ignored);
    }

    Landing(Landing const&) = delete;
    Landing& operator=(Landing const&) = delete;

    void add(std::string_view bytes) {
        if (!file_) file_.emplace(rough_, O_WRONLY | O_CREAT | O_TRUNC);
        file_->write_all(bytes, written_);
        written_ += bytes.size();
    }

    void finish() {
        add({});
        std::filesystem::rename(rough_, path_);
    }

    [[nodiscard]] std::uint64_t written() const { return written_; }

private:
    std::filesystem::path path_;
    std::filesystem::path rough_;
    std::optional<Descriptor> file_;
    std::uint64_t written_ = 0;
};

}  // namespace showrunner::blobs
