#include "socketio/engine/outbox.hpp"

#include "socketio/engine/payload.hpp"

#include <cstddef>

namespace showrunner::engineio {

namespace {

/// An emptied outbox keeps this much room; more would idle with every connection.
constexpr std::size_t kept_capacity_max = 8;

}  // namespace

void Outbox::push(MessagePtr const& message, std::size_t sent) {
    if (messages_.empty()) sent_ = sent;
    bytes_ += message->size() - sent;
    messages_.push_back(message);
}

std::size_t Outbox::gather(std::span<iovec> vectors) const {
    std::size_t count = 0;
    std::size_t skip = sent_;
    for (std::size_t i = first_; i < messages_.size() && count < vectors.size(); ++i) {
        std::string_view const frames = messages_[i]->frames().substr(skip);
        // The kernel only reads; iovec has no const form.
        vectors[count++] = {const_cast<char*>(frames.data()), frames.size()};
        skip = 0;
    }
    return count;
}

void Outbox::consume(std::size_t bytes) {
    bytes_ -= bytes;
    bytes += sent_;
    while (first_ < messages_.size() && bytes >= messages_[first_]->size()) {
        bytes -= messages_[first_]->size();
        messages_[first_++].reset();
    }
    sent_ = bytes;
    if (first_ == messages_.size()) {
        clear();
    } else if (first_ > messages_.size() / 2) {
        messages_.erase(messages_.begin(), messages_.begin() + static_cast<std::ptrdiff_t>(first_));
        first_ = 0;
    }
}

std::string Outbox::take_payload() {
    std::string payload;
    payload.reserve(bytes_);
    for (std::size_t i = first_; i < messages_.size(); ++i) {
        if (!payload.empty()) payload += packet_separator;
        payload += messages_[i]->payload();
    }
    clear();
    return payload;
}

void Outbox::clear() {
    messages_.clear();
    if (messages_.capacity() > kept_capacity_max) std::vector<MessagePtr>{}.swap(messages_);
    first_ = sent_ = bytes_ = 0;
}

}  // namespace showrunner::engineio
