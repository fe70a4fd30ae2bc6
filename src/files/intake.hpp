// An upload being written: what a request reads is handed over in blocks to a task of its own,
// which hashes and stores one while the next arrives, and which brings the upload to an end that
// leaves nothing half done, also when the request is gone.
#pragma once

#include "blobs/sha256.hpp"
#include "files/depot.hpp"
#include "files/uploads.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace showrunner::files {

/// What the client says of the part that it sends.
struct PartChecksum {
    std::string algorithm;  ///< sha1, sha256
    std::string digest;     ///< raw
};

struct IntakeOptions {
    /// What it has so far is kept when the client goes away, so that it can go on.
    bool resumable = false;
    /// The client has sent it to the store itself: nothing comes, and the store checks.
    bool direct = false;
    std::optional<PartChecksum> checksum = {};
};

class Intake : public std::enable_shared_from_this<Intake> {
public:
    /// Takes over the claim.
    [[nodiscard]] static std::shared_ptr<Intake> start(
        api::Services& services, events::Actor actor, Claim claim, IntakeOptions options
    );

    Intake(api::Services& services, events::Actor actor, Claim claim, IntakeOptions options);

    /// Hands bytes over; waits when too many are on their way. Throws what went wrong with them.
    Task<> push(std::string_view bytes);

    enum class End : std::uint8_t {
        whole,   ///< that was the last byte
        part,    ///< there may be more another time
        broken,  ///< the client is gone
    };

    /// Waits until everything is stored and on record, and with End::whole checked and ready.
    /// Throws what went wrong: the file has failed then, unless it can be gone on with.
    Task<File> finish(End end);

    /// Without waiting: for whoever is gone.
    void abandon();

    /// The same, and waits for what becomes of it.
    Task<> settled();

    [[nodiscard]] std::uint64_t position() const { return staged_.offset; }

private:
    static Task<> run(std::shared_ptr<Intake> self);
    Task<> work();
    Task<> open();
    Task<> take(blobs::Bytes block);
    Task<> keep_going();
    Task<> settle();
    Task<> complete_file();
    Task<> clean_up(std::exception_ptr why);
    Task<> read_head(Content& content);
    void show_progress();
    void hand_over();
    void check_announced(std::uint64_t more);
    void check_part();

    api::Services& services_;
    Depot& depot_;
    events::Actor actor_;
    Claim claim_;
    IntakeOptions options_;
    std::shared_ptr<Depot::Turn> turn_;

    blobs::Staged staged_;
    blobs::Sha256 hash_;
    blobs::Staged recorded_;  ///< as on record
    std::string recorded_hash_;
    std::string key_;  ///< of the blob, once it is one
    std::uint64_t accepted_ = 0;

    std::string filling_;
    std::deque<blobs::Bytes> blocks_;
    asio::steady_timer room_;
    asio::steady_timer arrival_;
    std::optional<End> end_;
    bool done_ = false;
    std::exception_ptr failure_;
    std::string part_digest_;  ///< raw, of what was sent now
    struct PartHash;
    std::shared_ptr<PartHash> part_hash_;
    std::chrono::steady_clock::time_point shown_at_{};
    std::chrono::steady_clock::time_point kept_at_{};
};

/// Hands over to an intake for as long as it lives: gone before finish(), the client is.
class Feeder {
public:
    explicit Feeder(std::shared_ptr<Intake> intake) : intake_{std::move(intake)} {}

    ~Feeder() { intake_->abandon(); }

    Feeder(Feeder const&) = delete;
    Feeder& operator=(Feeder const&) = delete;

    Intake* operator->() const { return intake_.get(); }

private:
    std::shared_ptr<Intake> intake_;
};

/// An upload whose last byte is on record, by a process that ended before the file was ready: the
/// next one finishes. Throws as claim() and finish() do.
Task<> complete_whole(api::Services& services, events::Actor actor, std::string id);

/// Hands over all that `source` gives. When that fails, the upload is brought to its end before the
/// failure goes on: whoever hears of it finds the record as it will stay.
template <typename Source>
Task<File> take_all(std::shared_ptr<Intake> intake, Source& source, Intake::End end) {
    Feeder const feeder{intake};
    auto const pump = [](Intake& into, Source& from) -> Task<> {
        std::string chunk;
        for (;;) {
            bool const more = co_await from.read(chunk);
            if (!more) break;
            co_await into.push(chunk);
        }
    };
    std::exception_ptr const failed = co_await outcome_of(pump(*intake, source));
    if (failed) {
        co_await intake->settled();
        std::rethrow_exception(failed);
    }
    File file = co_await intake->finish(end);
    co_return file;
}

}  // namespace showrunner::files
