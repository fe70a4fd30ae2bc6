// What was looked up a moment ago: a player fetches a film in hundreds of ranges, and each must not
// ask PostgreSQL for the same again.
#pragma once

#include "base/clock.hpp"
#include "files/file.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

namespace showrunner::files {

/// Ready files, each for half a second: what another process changes is seen after that.
class RecentFiles {
public:
    /// Nothing when it is not known, or not any more.
    [[nodiscard]] std::shared_ptr<Stored const> find(std::string const& id) const;

    /// To be taken before a file is looked up: what changed meanwhile is not kept.
    [[nodiscard]] std::uint64_t mark() const { return changes_; }

    void keep(std::shared_ptr<Stored const> stored, std::uint64_t mark);

    void forget(std::string const& id);

private:
    struct Entry {
        std::shared_ptr<Stored const> stored;
        std::chrono::steady_clock::time_point until;
    };

    std::unordered_map<std::string, Entry> entries_;
    std::uint64_t changes_ = 0;
};

/// Downloads that are on record, and until when they stand for further ones.
class RecentDownloads {
public:
    [[nodiscard]] bool holds(std::string const& file_id, std::string const& user_id, Time now)
        const;

    void keep(std::string const& file_id, std::string const& user_id, Time until);

private:
    std::unordered_map<std::string, Time> until_;
};

}  // namespace showrunner::files
