// What the files of a process share: the store, its threads, its limits, its count of uploads.
#pragma once

#include "base/metrics.hpp"
#include "base/task.hpp"
#include "blobs/store.hpp"
#include "files/file.hpp"
#include "files/recent.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <array>
#include <chrono>
#include <memory>

namespace showrunner::files {

/// What the operator decides.
struct Settings {
    /// By kind, in the order of the enum.
    std::array<std::uint64_t, 5> bytes_max{
        10ULL << 30U, 25ULL << 20U, 2ULL << 30U, 5ULL << 20U, 1ULL << 30U
    };
    std::uint64_t show_quota_bytes = 0;  ///< of all files of a show; 0: none
    unsigned uploads_max = 200;          ///< that are written at once
    std::chrono::hours upload_lifetime{24};
    std::chrono::hours keep_deleted{30 * 24};  ///< then the content goes
    std::chrono::seconds link_lifetime{300};

    [[nodiscard]] std::uint64_t bytes_max_of(Kind kind) const {
        return bytes_max[static_cast<std::size_t>(kind)];
    }
};

class Depot {
public:
    struct Meters {
        explicit Meters(metrics::Registry& registry);

        metrics::Registry& registry;
        metrics::Gauge& active;
        metrics::Counter& received_bytes;
        metrics::Counter& ready;
        metrics::Counter& failed;
        metrics::Counter& broken_off;
        metrics::Counter& downloads;
        metrics::Counter& refused;
    };

    Depot(
        asio::any_io_executor executor,
        std::unique_ptr<blobs::Store> store,
        Settings settings,
        metrics::Registry& registry
    );

    /// One of the uploads that are written now; ends with the object.
    class Turn {
    public:
        explicit Turn(Depot& depot);
        ~Turn();
        Turn(Turn const&) = delete;
        Turn& operator=(Turn const&) = delete;

    private:
        Depot& depot_;
    };

    /// Throws Error{Code::unavailable} when there are too many.
    [[nodiscard]] std::shared_ptr<Turn> take_turn();
    void check_room();

    /// Ends when no upload is being written: each keeps what it has, so that it can be gone on
    /// with.
    Task<> drain();

    asio::any_io_executor const executor;
    std::unique_ptr<blobs::Store> const store;
    Settings const settings;
    asio::thread_pool threads;  ///< for hashing, and for looking at content
    Meters meters;
    RecentFiles recent;
    RecentDownloads downloads;

private:
    unsigned active_ = 0;
    asio::steady_timer idle_;
};

}  // namespace showrunner::files
