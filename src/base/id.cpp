#include "base/id.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <stdexcept>

namespace showrunner {

namespace {

void init_sodium() {
    static int const ready = sodium_init();
    if (ready < 0) throw std::runtime_error{"libsodium could not be initialised"};
}

/// Random bytes for ids, drawn a block at a time: a system call for each id is dearer than the id.
void fill_random(std::span<std::uint8_t> out) {
    thread_local std::array<std::uint8_t, 512> block{};
    thread_local std::size_t used = block.size();
    if (block.size() - used < out.size()) {
        randombytes_buf(block.data(), block.size());
        used = 0;
    }
    std::copy_n(block.begin() + static_cast<std::ptrdiff_t>(used), out.size(), out.begin());
    used += out.size();
}

constexpr std::string_view hex_digits = "0123456789abcdef";

bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

std::string new_id() {
    init_sodium();
    // RFC 9562 section 6.2, method 1: a counter in rand_a keeps ids of one millisecond in order.
    thread_local std::uint64_t last_ms = 0;
    thread_local std::uint32_t counter = 0;
    auto now_ms = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                                 std::chrono::system_clock::now().time_since_epoch()
    )
                                                 .count());
    if (now_ms > last_ms) {
        last_ms = now_ms;
        counter = randombytes_uniform(0x400);
    } else if (++counter > 0xfff) {
        ++last_ms;
        counter = 0;
    }
    std::array<std::uint8_t, 16> bytes{};
    for (std::size_t i = 0; i < 6; ++i) {
        bytes[i] = static_cast<std::uint8_t>(last_ms >> (8 * (5 - i)));
    }
    bytes[6] = static_cast<std::uint8_t>(0x70U | (counter >> 8U));
    bytes[7] = static_cast<std::uint8_t>(counter);
    fill_random(std::span{bytes}.subspan(8));
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3fU) | 0x80U);

    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += hex_digits[bytes[i] >> 4U];
        text += hex_digits[bytes[i] & 0xfU];
    }
    return text;
}

bool is_id(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        bool const dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !is_hex(text[i])) return false;
    }
    return true;
}

std::string random_token(std::size_t bytes) {
    init_sodium();
    std::string raw(bytes, '\0');
    randombytes_buf(raw.data(), raw.size());
    std::string text(
        sodium_base64_encoded_len(bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0'
    );
    sodium_bin2base64(
        text.data(),
        text.size(),
        reinterpret_cast<unsigned char const*>(raw.data()),
        raw.size(),
        sodium_base64_VARIANT_URLSAFE_NO_PADDING
    );
    text.pop_back();  // The terminating zero.
    return text;
}

std::uint64_t random_below(std::uint64_t bound) {
    init_sodium();
    return randombytes_uniform(static_cast<std::uint32_t>(bound));
}

std::string sha256_hex(std::string_view data) {
    std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
    crypto_hash_sha256(
        hash.data(), reinterpret_cast<unsigned char const*>(data.data()), data.size()
    );
    std::string text;
    text.reserve(hash.size() * 2);
    for (unsigned char const byte : hash) {
        text += hex_digits[byte >> 4U];
        text += hex_digits[byte & 0xfU];
    }
    return text;
}

bool equal_secrets(std::string_view a, std::string_view b) {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace showrunner
