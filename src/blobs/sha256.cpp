// The functions that show their state are deprecated in favour of ones that hide it.
#define OPENSSL_API_COMPAT 10100

#include "blobs/sha256.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <charconv>

namespace showrunner::blobs {

namespace {

constexpr std::size_t word_digits = 8;
constexpr std::size_t count_digits = 16;

SHA256_CTX context_of(
    std::array<std::uint32_t, 8> const& words, std::uint64_t bytes, std::string_view rest
) {
    SHA256_CTX context;
    SHA256_Init(&context);
    for (std::size_t i = 0; i < words.size(); ++i) context.h[i] = words[i];
    std::uint64_t const bits = (bytes - rest.size()) << 3U;
    context.Nl = static_cast<SHA_LONG>(bits);
    context.Nh = static_cast<SHA_LONG>(bits >> 32U);
    SHA256_Update(&context, rest.data(), rest.size());
    return context;
}

template <typename Number>
bool read_hex(std::string_view text, Number& out) {
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, 16);
    return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

Sha256::Sha256() {
    SHA256_CTX context;
    SHA256_Init(&context);
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] = context.h[i];
}

void Sha256::update(std::string_view bytes) {
    SHA256_CTX context = context_of(words_, bytes_, rest_);
    SHA256_Update(&context, bytes.data(), bytes.size());
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] = context.h[i];
    bytes_ += bytes.size();
    std::size_t const left = bytes_ % block;
    if (bytes.size() >= left) {
        rest_ = bytes.substr(bytes.size() - left);
    } else {
        rest_ += bytes;
    }
}

std::string Sha256::hex() const {
    SHA256_CTX context = context_of(words_, bytes_, rest_);
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256_Final(digest.data(), &context);
    std::string text;
    for (unsigned char const byte : digest) text += fmt::format("{:02x}", byte);
    return text;
}

std::string Sha256::state() const {
    std::string text;
    for (std::uint32_t const word : words_) text += fmt::format("{:08x}", word);
    text += fmt::format("{:016x}", bytes_);
    for (char const c : rest_) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return text;
}

std::optional<Sha256> Sha256::resume(std::string_view state) {
    Sha256 hash;
    std::size_t const head = hash.words_.size() * word_digits + count_digits;
    if (state.size() < head) return std::nullopt;
    for (std::uint32_t& word : hash.words_) {
        if (!read_hex(state.substr(0, word_digits), word)) return std::nullopt;
        state.remove_prefix(word_digits);
    }
    if (!read_hex(state.substr(0, count_digits), hash.bytes_)) return std::nullopt;
    state.remove_prefix(count_digits);
    if (state.size() != hash.bytes_ % block * 2) return std::nullopt;
    for (; !state.empty(); state.remove_prefix(2)) {
        unsigned byte = 0;
        if (!read_hex(state.substr(0, 2), byte)) return std::nullopt;
        hash.rest_ += static_cast<char>(byte);
    }
    return hash;
}

}  // namespace showrunner::blobs
