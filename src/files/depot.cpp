#include "files/depot.hpp"

#include "base/error.hpp"

namespace showrunner::files {

namespace {

constexpr metrics::Spec active_uploads{
    "showrunner_files_uploads_active", metrics::Kind::gauge, "Uploads that are being written."
};
constexpr metrics::Spec received_bytes{
    "showrunner_files_received_bytes_total",
    metrics::Kind::counter,
    "Bytes of uploads that were given to the store."
};
constexpr metrics::Spec uploads_total{
    "showrunner_files_uploads_total",
    metrics::Kind::counter,
    "Uploads by how they ended: ready, failed, or broken_off (a resumable one may go on).",
    "outcome"
};
constexpr metrics::Spec downloads_total{
    "showrunner_files_downloads_total",
    metrics::Kind::counter,
    "Answers with the content of a file, or a part of it."
};
constexpr metrics::Spec refused_total{
    "showrunner_files_uploads_refused_total",
    metrics::Kind::counter,
    "Uploads that were sent away because too many were being written."
};

/// Hashing takes a core; the second lets small files pass a large one.
constexpr std::size_t thread_count = 2;

}  // namespace

Depot::Meters::Meters(metrics::Registry& shared)
    : registry{shared},
      active{shared.gauge(active_uploads)},
      received_bytes{shared.counter(files::received_bytes)},
      ready{shared.counter(uploads_total, "ready")},
      failed{shared.counter(uploads_total, "failed")},
      broken_off{shared.counter(uploads_total, "broken_off")},
      downloads{shared.counter(downloads_total)},
      refused{shared.counter(refused_total)} {}

Depot::Depot(
    asio::any_io_executor executor_of_loop,
    std::unique_ptr<blobs::Store> engine,
    Settings chosen,
    metrics::Registry& registry
)
    : executor{executor_of_loop},
      store{std::move(engine)},
      settings{chosen},
      threads{thread_count},
      meters{registry},
      idle_{executor_of_loop} {}

Depot::Turn::Turn(Depot& depot) : depot_{depot} {
    ++depot_.active_;
    depot_.meters.active.set(depot_.active_);
}

Depot::Turn::~Turn() {
    --depot_.active_;
    depot_.meters.active.set(depot_.active_);
    if (depot_.active_ == 0) depot_.idle_.cancel();
}

void Depot::check_room() {
    if (active_ < settings.uploads_max) return;
    meters.refused.add();
    Error error{Code::unavailable, "TOO_BUSY", "Too many files are being uploaded."};
    error.retry_after_s = 5;
    throw error;
}

std::shared_ptr<Depot::Turn> Depot::take_turn() {
    check_room();
    return std::make_shared<Turn>(*this);
}

Task<> Depot::drain() {
    while (active_ > 0) {
        idle_.expires_after(std::chrono::seconds{10});
        auto const [stopped] = co_await idle_.async_wait(as_result);
        if (!stopped) co_return;
    }
}

}  // namespace showrunner::files
