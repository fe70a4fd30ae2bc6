#include "jobs/sqs_source.hpp"

#include "base/id.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <set>

namespace showrunner::jobs {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds poll_wait{20};
constexpr milliseconds retry_pause{500};
constexpr milliseconds care_interval{500};
/// Messages that there is no room for, or that limits hold back, are for others after this.
constexpr seconds keep_for{2};
/// So long without SQS, and jobs are taken from PostgreSQL directly.
constexpr seconds fallback_after{5};
/// A message that waits for limits this often is replaced by a fresh one, long before SQS would
/// take it for undeliverable.
constexpr unsigned receives_max = 50;
constexpr seconds pause_max{10};
/// Beyond these, messages are left to come back by themselves.
constexpr std::size_t chores_max = 20'000;
constexpr std::size_t untaken_max = 1'000;
/// Chores of other kinds that are looked past to fill a call.
constexpr std::size_t passed_over_max = 200;
/// A job that is due later than this is sent again when it is nearer.
constexpr seconds due_in_max{900};

/// When a message that waits for limits is to come back: 1 s, doubled up to 10 s.
seconds pause_after(unsigned receives) {
    seconds const pause = std::min(seconds{1LL << std::min(receives - 1, 4U)}, pause_max);
    return pause - seconds{random_below(static_cast<std::uint64_t>(pause.count() / 2) + 1)};
}

}  // namespace

SqsSource::SqsSource(
    asio::any_io_executor executor,
    SqsLink& link,
    Queue queue,
    Outbox& outbox,
    SqsSourceOptions options
)
    : link_{link},
      queue_{queue},
      outbox_{outbox},
      fallback_{queue},
      options_{options},
      room_timer_{executor, SteadyClock::time_point::max()},
      chore_timer_{executor, SteadyClock::time_point::max()},
      care_timer_{executor} {}

// ---------------------------------------------------------------- receiving

int SqsSource::room() const {
    return options_.concurrency - static_cast<int>(in_hand_.size());
}

bool SqsSource::wants(Inbox const& inbox) const {
    bool const open = !stopped_ && !inbox.paused;
    return open && inbox.messages.empty() && untaken_.size() < untaken_max && room() > 0;
}

Task<> SqsSource::receive(std::string queue) {
    Inbox const& inbox = inboxes_[queue];
    for (;;) {
        while (!wants(inbox)) co_await room_timer_.async_wait(as_result);
        aws::ReceiveOptions options;
        options.max = std::min(static_cast<std::size_t>(room()), aws::sqs_batch_max);
        options.wait = poll_wait;
        options.visibility = options_.lease;
        auto received = co_await link_.receive(queue, SqsQueue::work, options);
        if (!received) {
            co_await sleep_for(retry_pause);
            continue;
        }
        for (aws::ReceivedMessage& each : *received) accept(queue, std::move(each));
        if (!received->empty()) arrived();
    }
}

void SqsSource::accept(std::string const& queue, aws::ReceivedMessage received) {
    auto ticket = ticket_of(received.body);
    if (!ticket) {
        log::warning("sqs_message_unreadable", {{"queue", queue}, {"id", received.message_id}});
        link_.count("unreadable");
        return add({queue, std::move(received.receipt_handle)});
    }
    inboxes_[queue].messages.push_back(
        {std::move(ticket->id),
         ticket->lease,
         queue,
         std::move(received.receipt_handle),
         std::max(received.receive_count, 1U),
         SteadyClock::now()}
    );
}

// ---------------------------------------------------------------- taking

Task<std::vector<Claimed>> SqsSource::take(Claim claim, QueueLimits limits) {
    std::vector<Claimed> jobs = co_await take_messages(claim, limits);
    room_timer_.cancel();
    if (jobs.empty() && link_.away_for(fallback_after)) {
        jobs = co_await fallback_.take(std::move(claim), limits);
    }
    co_return jobs;
}

Task<std::vector<Claimed>> SqsSource::take_messages(Claim claim, QueueLimits limits) {
    Inbox& inbox = inboxes_[claim.queue];
    inbox.paused = limits.paused;
    // They stay where they are until PostgreSQL has answered. Others may come meanwhile, behind.
    std::set<std::string> ids;
    std::size_t looked_at = 0;
    for (Message const& message : inbox.messages) {
        bool const full = static_cast<int>(ids.size()) >= claim.max;
        if (full && !ids.contains(message.job_id)) break;
        ids.insert(message.job_id);
        ++looked_at;
    }
    if (looked_at == 0) co_return std::vector<Claimed>{};
    claim.ids.assign(ids.begin(), ids.end());
    claim.max = static_cast<int>(ids.size());
    std::vector<Claimed> jobs = co_await queue_.claim(std::move(claim), limits, nullptr);
    std::unordered_map<std::string_view, Claimed const*> taken;
    for (Claimed const& job : jobs) taken.emplace(job.id, &job);
    // What the limits do not allow yet may be taken as soon as a job ends.
    bool const limited = limits.any() && !limits.paused;
    bool aside = false;
    for (; looked_at > 0 && !inbox.messages.empty(); --looked_at) {
        Message message = std::move(inbox.messages.front());
        inbox.messages.pop_front();
        auto const job = taken.find(message.job_id);
        if (job != taken.end()) {
            hold(*job->second, message);
            taken.erase(job);  // A second message of the same job is one too many.
        } else if (limited) {
            inbox.messages.push_back(std::move(message));
        } else {
            untaken_.push_back(std::move(message));
            aside = true;
        }
    }
    if (aside) care_timer_.cancel();
    co_return jobs;
}

void SqsSource::hold(Claimed const& job, Message const& message) {
    InHand& place = in_hand_[job.id];
    if (!place.receipt.empty()) add({place.queue, std::move(place.receipt)});
    place = {job.lease, message.queue, message.receipt, message.arrived_at + options_.lease, true};
}

// ---------------------------------------------------------------- what becomes of jobs

void SqsSource::renewed(Held const& held) {
    auto const found = in_hand_.find(held.id);
    if (found != in_hand_.end() && found->second.lease == held.lease) found->second.renewed = true;
}

void SqsSource::ended(Held const& held) {
    auto const found = in_hand_.find(held.id);
    if (found == in_hand_.end() || found->second.lease != held.lease) return;
    add({std::move(found->second.queue), std::move(found->second.receipt)});
    in_hand_.erase(found);
    room_timer_.cancel();
}

void SqsSource::stop() {
    stopped_ = true;
    care_timer_.cancel();
}

Task<> SqsSource::close() {
    set_aside_old();
    co_await send_back();
    while (!chores_.empty() && !link_.away()) co_await carry_out_some();
}

// ---------------------------------------------------------------- care of messages

Task<> SqsSource::look_after() {
    for (;;) {
        care_timer_.expires_after(care_interval);
        co_await care_timer_.async_wait(as_result);
        lengthen();
        set_aside_old();
        co_await send_back();
        room_timer_.cancel();
    }
}

void SqsSource::lengthen() {
    auto const now = SteadyClock::now();
    for (auto& [id, job] : in_hand_) {
        bool const soon = now + options_.lease * 2 / 3 >= job.visible_at;
        if (!job.renewed || !soon) continue;
        job.renewed = false;
        job.visible_at = now + options_.lease;
        add({job.queue, job.receipt, options_.lease});
    }
}

void SqsSource::set_aside_old() {
    auto const now = SteadyClock::now();
    for (auto& [queue, inbox] : inboxes_) {
        std::deque<Message> kept;
        for (Message& message : inbox.messages) {
            bool const old = stopped_ || now - message.arrived_at > keep_for;
            if (old) {
                untaken_.push_back(std::move(message));
            } else {
                kept.push_back(std::move(message));
            }
        }
        inbox.messages = std::move(kept);
    }
}

/// Messages whose jobs wait, as when they were sent, come back later; the others are removed.
Task<> SqsSource::send_back() {
    if (untaken_.empty()) co_return;
    std::vector<std::string> ids;
    for (Message const& message : untaken_) ids.push_back(message.job_id);
    auto const found = co_await outbox_.waiting(ids);
    std::unordered_map<std::string_view, Waiting const*> waiting;
    for (Waiting const& each : found) waiting.emplace(each.job.id, &each);
    std::vector<Message> messages{
        std::make_move_iterator(untaken_.begin()),
        std::make_move_iterator(untaken_.begin() + static_cast<std::ptrdiff_t>(ids.size()))
    };
    untaken_.erase(untaken_.begin(), untaken_.begin() + static_cast<std::ptrdiff_t>(ids.size()));
    std::vector<Held> worn;
    for (Message& message : messages) {
        auto const job = waiting.find(message.job_id);
        bool const current = job != waiting.end() && message.lease == job->second->job.lease &&
                             job->second->due_in <= due_in_max;
        if (current && message.receives < receives_max) {
            seconds const idle = stopped_ ? seconds{0} : pause_after(message.receives);
            link_.count("returned");
            add({message.queue, message.receipt, std::max(idle, job->second->due_in)});
            continue;
        }
        if (current) worn.push_back(job->second->job);
        add({message.queue, message.receipt});
    }
    if (!worn.empty()) co_await outbox_.forget(std::move(worn));
}

void SqsSource::add(Chore chore) {
    if (chores_.size() >= chores_max) return;
    chores_.push_back(std::move(chore));
    chore_timer_.cancel();
}

Task<> SqsSource::carry_out() {
    for (;;) {
        while (chores_.empty()) co_await chore_timer_.async_wait(as_result);
        co_await carry_out_some();
    }
}

/// The first, and up to nine that can be asked for in the same call. What SQS does not do now, it
/// need not: the messages come back, and find nothing to take.
Task<> SqsSource::carry_out_some() {
    bool const removing = !chores_.front().visibility;
    std::string const queue = chores_.front().queue;
    std::vector<std::string> receipts;
    std::vector<aws::VisibilityChange> changes;
    std::deque<Chore> others;
    while (!chores_.empty() && receipts.size() + changes.size() < aws::sqs_batch_max &&
           others.size() < passed_over_max) {
        Chore chore = std::move(chores_.front());
        chores_.pop_front();
        if (chore.queue != queue || !chore.visibility != removing) {
            others.push_back(std::move(chore));
        } else if (removing) {
            receipts.push_back(std::move(chore.receipt));
        } else {
            changes.push_back({std::move(chore.receipt), *chore.visibility});
        }
    }
    chores_.insert(chores_.begin(), others.begin(), others.end());
    if (removing) {
        co_await link_.remove(queue, SqsQueue::work, std::move(receipts));
    } else {
        co_await link_.change_visibility(queue, std::move(changes));
    }
}

}  // namespace showrunner::jobs
