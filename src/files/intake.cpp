#include "files/intake.hpp"

#include "base/log.hpp"
#include "base/offload.hpp"
#include "files/records.hpp"
#include "files/types.hpp"

#include <openssl/evp.h>

#include <array>

namespace showrunner::files {

namespace {

using SteadyClock = std::chrono::steady_clock;

/// Blocks that wait to be written, beside the one that is and the one that fills.
constexpr std::size_t waiting_max = 1;

/// Not on record more often than this, nor later than after so many bytes.
constexpr std::chrono::seconds keep_interval{2};
constexpr std::uint64_t keep_bytes = std::uint64_t{16} << 20U;

constexpr std::chrono::milliseconds show_interval{500};

struct Done {};

Error wrong_sum() {
    return Error{
        Code::invalid,
        "CHECKSUM_MISMATCH",
        "The content is not what was announced: its SHA-256 is another."
    };
}

bool is_final(Error const& error) {
    return error.code == Code::invalid || error.code == Code::too_large ||
           error.code == Code::no_space;
}

}  // namespace

/// EVP, for sums that need not be put aside.
struct Intake::PartHash {
    explicit PartHash(std::string const& algorithm) : context{EVP_MD_CTX_new()} {
        EVP_DigestInit_ex(context, algorithm == "sha1" ? EVP_sha1() : EVP_sha256(), nullptr);
    }

    ~PartHash() { EVP_MD_CTX_free(context); }

    PartHash(PartHash const&) = delete;
    PartHash& operator=(PartHash const&) = delete;

    void update(std::string_view bytes) const {
        EVP_DigestUpdate(context, bytes.data(), bytes.size());
    }

    [[nodiscard]] std::string digest() const {
        std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
        unsigned size = 0;
        EVP_DigestFinal_ex(context, out.data(), &size);
        return {reinterpret_cast<char const*>(out.data()), size};
    }

    EVP_MD_CTX* context;
};

std::shared_ptr<Intake> Intake::start(
    api::Services& services, events::Actor actor, Claim claim, IntakeOptions options
) {
    auto intake =
        std::make_shared<Intake>(services, std::move(actor), std::move(claim), std::move(options));
    spawn(services.files.executor, "files.intake", run(intake));
    return intake;
}

Intake::Intake(api::Services& services, events::Actor actor, Claim claim, IntakeOptions options)
    : services_{services},
      depot_{services.files},
      actor_{std::move(actor)},
      claim_{std::move(claim)},
      options_{std::move(options)},
      turn_{depot_.take_turn()},
      room_{depot_.executor},
      arrival_{depot_.executor} {
    Upload const& upload = claim_.upload;
    staged_ = {upload.file_id, static_cast<std::uint64_t>(upload.position), upload.staged};
    recorded_ = staged_;
    recorded_hash_ = upload.hash;
    accepted_ = staged_.offset;
    if (options_.checksum) part_hash_ = std::make_shared<PartHash>(options_.checksum->algorithm);
    shown_at_ = kept_at_ = SteadyClock::now();
}

void Intake::check_announced(std::uint64_t more) {
    accepted_ += more;
    auto const announced = claim_.upload.bytes;
    if (announced && accepted_ > static_cast<std::uint64_t>(*announced)) {
        throw Error{
            Code::invalid, "SIZE_MISMATCH", "The content is longer than what was announced."
        };
    }
    check_size(services_, claim_.file.kind, static_cast<std::int64_t>(accepted_));
}

void Intake::hand_over() {
    if (filling_.empty()) return;
    blocks_.push_back(std::make_shared<std::string const>(std::move(filling_)));
    filling_ = {};
    arrival_.cancel();
}

Task<> Intake::push(std::string_view bytes) {
    std::size_t const block = depot_.store->block_bytes();
    while (!bytes.empty()) {
        while (!done_ && !failure_ && blocks_.size() > waiting_max) {
            room_.expires_at(SteadyClock::time_point::max());
            co_await room_.async_wait(as_result);
        }
        if (failure_ || done_) break;
        std::size_t const some = std::min(bytes.size(), block - filling_.size());
        if (filling_.empty() && some < bytes.size()) filling_.reserve(block);
        filling_ += bytes.substr(0, some);
        bytes.remove_prefix(some);
        if (filling_.size() == block) hand_over();
    }
    if (!failure_) co_return;
    co_await finish(End::broken);
}

Task<File> Intake::finish(End end) {
    if (!end_) {
        end_ = end;
        hand_over();
        arrival_.cancel();
    }
    while (!done_) {
        room_.expires_at(SteadyClock::time_point::max());
        co_await room_.async_wait(as_result);
    }
    if (failure_) std::rethrow_exception(failure_);
    co_return claim_.file;
}

Task<> Intake::settled() {
    abandon();
    while (!done_) {
        room_.expires_at(SteadyClock::time_point::max());
        co_await room_.async_wait(as_result);
    }
}

void Intake::abandon() {
    if (end_) return;
    end_ = End::broken;
    hand_over();
    arrival_.cancel();
}

Task<> Intake::run(std::shared_ptr<Intake> self) {
    Intake& it = *self;
    it.failure_ = co_await outcome_of(it.work());
    if (it.failure_) {
        it.room_.cancel();
        std::exception_ptr const worse = co_await outcome_of(it.clean_up(it.failure_));
        if (worse) log::warning("upload_not_cleaned_up", {{"file_id", it.staged_.id}});
    }
    it.done_ = true;
    it.turn_.reset();
    it.room_.cancel();
}

Task<> Intake::work() {
    co_await open();
    for (;;) {
        while (blocks_.empty() && !end_) {
            arrival_.expires_at(SteadyClock::time_point::max());
            co_await arrival_.async_wait(as_result);
        }
        if (blocks_.empty()) break;
        blobs::Bytes block = std::move(blocks_.front());
        blocks_.pop_front();
        room_.cancel();
        check_announced(block->size());
        co_await take(std::move(block));
        co_await keep_going();
    }
    co_await settle();
}

Task<> Intake::open() {
    if (options_.direct) {
        staged_.offset = static_cast<std::uint64_t>(claim_.upload.bytes.value_or(0));
        co_return;
    }
    auto resumed =
        claim_.upload.hash.empty() ? blobs::Sha256{} : blobs::Sha256::resume(claim_.upload.hash);
    auto const announced = claim_.upload.bytes;
    // All there, and perhaps a blob already: only the end is missing.
    if (resumed && announced && claim_.upload.position == *announced) {
        hash_ = *resumed;
        co_return;
    }
    bool const there = co_await depot_.store->resume(staged_);
    if (there && resumed) {
        hash_ = *resumed;
        co_return;
    }
    if (staged_.offset > 0) {
        throw Error{Code::invalid, "UPLOAD_LOST", "What was uploaded so far is lost: begin again."};
    }
    staged_ = co_await depot_.store->begin(claim_.file.id);
    recorded_ = staged_;
}

Task<> Intake::take(blobs::Bytes block) {
    auto sum = [self = shared_from_this(), block] {
        self->hash_.update(*block);
        if (self->part_hash_) self->part_hash_->update(*block);
        return Done{};
    };
    co_await offload(depot_.threads, std::move(sum));
    std::size_t const size = block->size();
    co_await depot_.store->append(staged_, std::move(block));
    depot_.meters.received_bytes.add(size);
    show_progress();
}

Task<> Intake::keep_going() {
    auto const now = SteadyClock::now();
    bool const much = options_.resumable && staged_.offset - recorded_.offset >= keep_bytes;
    if (now - kept_at_ < keep_interval && !much) co_return;
    kept_at_ = now;
    // A part with a sum is on record as a whole or not at all. What cannot be gone on with needs
    // its lease, and no position.
    if (options_.resumable && !options_.checksum) {
        co_await depot_.store->sync(staged_);
        recorded_ = staged_;
        recorded_hash_ = hash_.state();
    }
    co_await record_position(services_, claim_.upload, recorded_, recorded_hash_, Hold::keep);
}

void Intake::show_progress() {
    auto const now = SteadyClock::now();
    if (now - shown_at_ < show_interval) return;
    shown_at_ = now;
    File const& file = claim_.file;
    std::string payload = R"({"fileId":)";
    json::write(payload, file.id);
    payload += R"(,"episodeId":)";
    json::write(payload, file.episode_id);
    payload += R"(,"received":)";
    json::write(payload, staged_.offset);
    payload += R"(,"bytes":)";
    json::write(payload, claim_.upload.bytes);
    payload += '}';
    services_.live.send_to_record(file.show_id, "file", file.id, "file_progress", payload);
}

void Intake::check_part() {
    if (!options_.checksum || part_hash_->digest() == options_.checksum->digest) return;
    throw Error{
        Code::conflict, "PART_CHECKSUM_MISMATCH", "What was sent is not what its checksum says."
    };
}

Task<> Intake::settle() {
    auto const announced = claim_.upload.bytes;
    bool const all = announced && staged_.offset == static_cast<std::uint64_t>(*announced);
    if (*end_ == End::whole || (*end_ == End::part && all)) {
        check_part();
        co_return co_await complete_file();
    }
    if (!options_.resumable) {
        throw Error{Code::invalid, "UPLOAD_BROKEN_OFF", "The upload ended before its last byte."};
    }
    if (*end_ == End::part) check_part();
    if (*end_ == End::broken) {
        depot_.meters.broken_off.add();
        // The rest of a part with a sum never came.
        if (options_.checksum) {
            co_return co_await record_position(
                services_, claim_.upload, recorded_, recorded_hash_, Hold::release
            );
        }
    }
    co_await depot_.store->sync(staged_);
    co_await record_position(services_, claim_.upload, staged_, hash_.state(), Hold::release);
}

Task<> Intake::complete_file() {
    Content content;
    content.bytes = static_cast<std::int64_t>(staged_.offset);
    check_size(services_, claim_.file.kind, content.bytes);
    auto const announced = claim_.upload.bytes;
    if (announced && *announced != content.bytes) {
        throw Error{
            Code::invalid,
            "SIZE_MISMATCH",
            fmt::format("{} of the announced {} bytes came.", content.bytes, *announced)
        };
    }
    content.sha256 = options_.direct ? claim_.upload.sha256.value_or("") : hash_.hex();
    if (claim_.upload.sha256 && *claim_.upload.sha256 != content.sha256) throw wrong_sum();
    if (options_.resumable && recorded_.offset != staged_.offset) {
        // Should the process end now, another one finishes.
        co_await depot_.store->sync(staged_);
        co_await record_position(services_, claim_.upload, staged_, hash_.state(), Hold::keep);
    }
    key_ = co_await depot_.store->finish(staged_, content.sha256);
    content.key = key_;
    co_await read_head(content);
    if (!announced) {
        co_await check_quota(services_, claim_.file.show_id, claim_.file.id, content.bytes);
    }
    auto const current = co_await find_stored(services_, claim_.file.id);
    if (!current) throw upload_taken();
    claim_.file = current->file;
    Completed completed = co_await complete(services_, actor_, claim_, content);
    std::string const own = std::exchange(key_, {});
    claim_.file = std::move(completed.file);
    depot_.meters.ready.add();
    // The same content was there: ours is one too many.
    if (completed.key != own) co_await depot_.store->remove(own);
}

Task<> Intake::read_head(Content& content) {
    std::uint64_t const length = std::min<std::uint64_t>(staged_.offset, head_bytes);
    auto const source = co_await depot_.store->open(content.key, 0, length);
    std::string head;
    std::string chunk;
    for (;;) {
        bool const more = co_await source->read(chunk);
        if (!more) break;
        head += chunk;
    }
    auto look = [head = std::move(head)] { return detect_type(head); };
    content.media_type = co_await offload(depot_.threads, std::move(look));
    File const& file = claim_.file;
    bool const given = claim_.upload.kind_given;
    content.kind = given ? file.kind : kind_of(content.media_type, file.name);
    check_type(content.kind, content.media_type, file.name);
    check_size(services_, content.kind, content.bytes);
}

Task<> Intake::clean_up(std::exception_ptr why) {
    auto const known = error_in(why);
    Error const error =
        known.value_or(Error{Code::internal, "UPLOAD_FAILED", "The upload could not be stored."});
    if (!known) {
        log::error("upload_failed", {{"file_id", staged_.id}, {"error", what_failed(why)}});
    }
    bool const final = !options_.resumable || (known && is_final(*known));
    if (!final) {
        if (error.code != Code::conflict || options_.checksum) {
            co_await record_position(
                services_, claim_.upload, recorded_, recorded_hash_, Hold::release
            );
        }
        co_return;
    }
    bool const ours = co_await fail(services_, actor_, claim_, error);
    if (ours) depot_.meters.failed.add();
    if (!key_.empty()) co_await depot_.store->remove(key_);
    co_await depot_.store->abort(recorded_);
}

Task<> complete_whole(api::Services& services, events::Actor actor, std::string id) {
    Claim claimed = co_await claim(services, std::move(id));
    IntakeOptions options;
    options.resumable = true;
    auto const intake =
        Intake::start(services, std::move(actor), std::move(claimed), std::move(options));
    co_await intake->finish(Intake::End::part);
}

}  // namespace showrunner::files
