#include "socketio/engine/base64.hpp"

#include <sodium.h>

namespace showrunner::engineio {

void append_base64(std::string& out, std::string_view bytes) {
    std::size_t const start = out.size();
    out.resize(start + sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL));
    sodium_bin2base64(
        out.data() + start,
        out.size() - start,
        reinterpret_cast<unsigned char const*>(bytes.data()),
        bytes.size(),
        sodium_base64_VARIANT_ORIGINAL
    );
    out.pop_back();  // The terminating zero.
}

std::optional<std::string> decode_base64(std::string_view text) {
    while (!text.empty() && text.back() == '=') text.remove_suffix(1);
    std::string bytes(text.size() / 4 * 3 + 3, '\0');
    std::size_t length = 0;
    int const failed = sodium_base642bin(
        reinterpret_cast<unsigned char*>(bytes.data()),
        bytes.size(),
        text.data(),
        text.size(),
        nullptr,
        &length,
        nullptr,
        sodium_base64_VARIANT_ORIGINAL_NO_PADDING
    );
    if (failed != 0) return std::nullopt;
    bytes.resize(length);
    return bytes;
}

}  // namespace showrunner::engineio
