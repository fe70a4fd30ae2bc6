#include "client/download.hpp"

#include <optional>
#include <utility>

namespace showrunner::client {

namespace {

Error late() {
    return Error{Code::unavailable, "TIMEOUT", "the other server did not answer in time"};
}

}  // namespace

Download::Download(std::shared_ptr<Loop> loop)
    : loop_{std::move(loop)}, count_{loop_}, place_{loop_} {}

Task<Download::Opened> Download::open(std::shared_ptr<Loop> loop, Request request) {
    auto download = std::make_shared<Download>(std::move(loop));
    std::optional<Error> const refused =
        co_await admit(download->place_, request, download->count_.began);
    if (refused) co_return download->count_.failed(*refused);
    download->timeout_ = request.timeout;
    download->transfer_ = std::make_unique<Transfer>(
        download->loop_, std::move(request), download->timeout_, Transfer::Body::streamed
    );
    Transfer& transfer = *download->transfer_;
    download->changed_ = &transfer.start();
    while (!transfer.has_head() && !transfer.ended()) {
        bool const in_time = co_await download->news();
        if (!in_time) co_return download->count_.failed(late());
    }
    // A failure behind the headers is for read(), after what came before it.
    std::optional<Error> const failure = transfer.has_head() ? std::nullopt : transfer.failure();
    if (failure) co_return download->count_.failed(*failure);
    download->count_.answered(transfer.head().status);
    co_return download;
}

Task<bool> Download::news() {
    if (transfer_->ended()) co_return true;
    changed_->expires_after(timeout_);
    bool const had_head = transfer_->has_head();
    auto const [interrupted] = co_await changed_->async_wait(as_result);
    bool const changed =
        transfer_->ended() || transfer_->has_bytes() || transfer_->has_head() != had_head;
    if (!changed && interrupted) throw boost::system::system_error{asio::error::operation_aborted};
    co_return changed;
}

Task<bool> Download::read(std::string& chunk) {
    while (!transfer_->has_bytes() && !transfer_->ended()) {
        bool const in_time = co_await news();
        if (!in_time) throw count_.failed(late());
    }
    // What came before the end, or before the failure, is handed out first.
    if (transfer_->has_bytes()) {
        chunk = transfer_->take_chunk();
        co_return true;
    }
    std::optional<Error> const failure = transfer_->failure();
    if (failure) throw count_.failed(*failure);
    co_return false;
}

}  // namespace showrunner::client
