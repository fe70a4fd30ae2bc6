#include "files/recent.hpp"

namespace showrunner::files {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds lifetime{500};

/// Beyond, all are forgotten: they are looked up again, and nothing else depends on them.
constexpr std::size_t files_max = 1024;
constexpr std::size_t downloads_max = 8192;

std::string key_of(std::string const& file_id, std::string const& user_id) {
    return file_id + user_id;
}

}  // namespace

std::shared_ptr<Stored const> RecentFiles::find(std::string const& id) const {
    auto const found = entries_.find(id);
    if (found == entries_.end() || SteadyClock::now() >= found->second.until) return nullptr;
    return found->second.stored;
}

void RecentFiles::keep(std::shared_ptr<Stored const> stored, std::uint64_t mark) {
    if (mark != changes_ || stored->file.state != State::ready || stored->file.deleted_at) return;
    if (entries_.size() >= files_max) entries_.clear();
    std::string const& id = stored->file.id;
    entries_.insert_or_assign(id, Entry{std::move(stored), SteadyClock::now() + lifetime});
}

void RecentFiles::forget(std::string const& id) {
    ++changes_;
    entries_.erase(id);
}

bool RecentDownloads::holds(std::string const& file_id, std::string const& user_id, Time now)
    const {
    auto const found = until_.find(key_of(file_id, user_id));
    return found != until_.end() && now < found->second;
}

void RecentDownloads::keep(std::string const& file_id, std::string const& user_id, Time until) {
    if (until_.size() >= downloads_max) until_.clear();
    until_.insert_or_assign(key_of(file_id, user_id), until);
}

}  // namespace showrunner::files
