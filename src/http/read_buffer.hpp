// Bytes read from a socket and not used up yet; contiguous, as the parser wants them.
#pragma once

#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

namespace showrunner::http {

class ReadBuffer {
public:
    static constexpr std::size_t size_min = 4096;

    [[nodiscard]] std::string_view view() const { return {bytes_.get() + begin_, end_ - begin_}; }

    [[nodiscard]] bool empty() const { return begin_ == end_; }

    void consume(std::size_t n) {
        begin_ += n;
        if (begin_ == end_) begin_ = end_ = 0;
    }

    /// Room for at least `n` more bytes.
    boost::asio::mutable_buffer prepare(std::size_t n) {
        if (capacity_ - end_ < n) make_room(n);
        return {bytes_.get() + end_, capacity_ - end_};
    }

    void commit(std::size_t n) { end_ += n; }

    /// Gives the memory of a large request back.
    void shrink() {
        if (!empty() || capacity_ <= size_min) return;
        bytes_.reset();
        capacity_ = 0;
    }

private:
    void make_room(std::size_t n) {
        std::size_t const size = end_ - begin_;
        if (capacity_ >= size + n) {
            std::memmove(bytes_.get(), bytes_.get() + begin_, size);
        } else {
            std::size_t const capacity = std::max({size_min, size + n, capacity_ * 2});
            std::unique_ptr<char[]> larger{new char[capacity]};
            if (size > 0) std::memcpy(larger.get(), bytes_.get() + begin_, size);
            bytes_ = std::move(larger);
            capacity_ = capacity;
        }
        begin_ = 0;
        end_ = size;
    }

    std::unique_ptr<char[]> bytes_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace showrunner::http
