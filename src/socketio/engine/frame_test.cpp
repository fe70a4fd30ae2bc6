#include "socketio/engine/frame.hpp"

#include "socketio/engine/utf8.hpp"

#include <doctest/doctest.h>

#include <random>
#include <vector>

namespace showrunner::engineio {

namespace {

/// A frame as a client sends it: masked.
std::string client_frame(unsigned first_byte, std::string_view payload) {
    std::string frame{static_cast<char>(first_byte)};
    std::string unmasked;
    append_frame(unmasked, Opcode::text, payload);
    std::size_t const header = unmasked.size() - payload.size();
    frame += static_cast<char>(unmasked[1] | '\x80');
    frame += unmasked.substr(2, header - 2);
    std::string_view const key = "\x12\x34\x56\x78";
    frame += key;
    for (std::size_t i = 0; i < payload.size(); ++i) {
        frame += static_cast<char>(payload[i] ^ key[i % 4]);
    }
    return frame;
}

struct Outcome {
    std::vector<std::string> messages;
    CloseCode failure = CloseCode::none;
};

/// Feeds `bytes` in pieces of `step` bytes.
Outcome read_all(std::string bytes, std::size_t step, std::size_t max_payload = 1000) {
    FrameReader reader{max_payload};
    Outcome outcome;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        std::string piece = bytes.substr(at, step);
        auto input = reader.begin(piece);
        auto result = FrameReader::Step::message;
        while ((result = reader.next(input)) == FrameReader::Step::message) {
            auto const opcode = static_cast<unsigned>(reader.opcode());
            outcome.messages.push_back(std::to_string(opcode) + ":" + std::string{reader.data()});
        }
        if (result == FrameReader::Step::failed) {
            outcome.failure = reader.failure();
            return outcome;
        }
        reader.keep(input);
    }
    CHECK(reader.bytes_held() == 0);
    return outcome;
}

using Messages = std::vector<std::string>;

}  // namespace

TEST_CASE("frames come out whole, however the bytes arrive") {
    std::string const long_text(600, 'x');
    std::string const bytes =
        client_frame(0x81, "hello") + client_frame(0x82, std::string(3, '\0')) +
        client_frame(0x81, long_text) + client_frame(0x89, "p") + client_frame(0x81, "");
    Messages const expected{
        "1:hello", std::string{"2:"} + std::string(3, '\0'), "1:" + long_text, "9:p", "1:"
    };
    for (std::size_t const step : {1U, 2U, 3U, 7U, 64U, 5000U}) {
        CAPTURE(step);
        CHECK(read_all(bytes, step).messages == expected);
    }
}

TEST_CASE("a message in fragments is put together, with control frames in between") {
    std::string const bytes = client_frame(0x01, "a\xc3") + client_frame(0x89, "!") +
                              client_frame(0x00, "\xa9") + client_frame(0x80, "z") +
                              client_frame(0x81, "next");
    for (std::size_t const step : {1U, 4U, 1000U}) {
        CHECK(read_all(bytes, step).messages == Messages{"9:!", "1:a\xc3\xa9z", "1:next"});
    }
}

TEST_CASE("what breaks the protocol fails with the code that the standard wants") {
    std::string const unmasked = [] {
        std::string frame;
        append_frame(frame, Opcode::text, "hi");
        return frame;
    }();

    struct Case {
        std::string_view name;
        std::string bytes;
        CloseCode code;
    };

    std::vector<Case> const cases{
        {"unmasked", unmasked, CloseCode::protocol_error},
        {"reserved bit", client_frame(0xc1, "x"), CloseCode::protocol_error},
        {"unknown opcode", client_frame(0x83, "x"), CloseCode::protocol_error},
        {"unknown control opcode", client_frame(0x8b, "x"), CloseCode::protocol_error},
        {"ping in fragments", client_frame(0x09, "x"), CloseCode::protocol_error},
        {"long ping", client_frame(0x89, std::string(126, 'x')), CloseCode::protocol_error},
        {"continuation of nothing", client_frame(0x80, "x"), CloseCode::protocol_error},
        {"new message within another",
         client_frame(0x01, "x") + client_frame(0x81, "y"),
         CloseCode::protocol_error},
        {"invalid UTF-8", client_frame(0x81, "\xc0\xaf"), CloseCode::invalid_text},
        {"cut UTF-8", client_frame(0x81, "\xe2\x82"), CloseCode::invalid_text},
        {"too big", client_frame(0x82, std::string(1001, 'x')), CloseCode::too_big},
        {"too big in fragments",
         client_frame(0x02, std::string(600, 'x')) + client_frame(0x80, std::string(600, 'x')),
         CloseCode::too_big},
        {"close with half a code", client_frame(0x88, "x"), CloseCode::protocol_error},
        {"close with a reserved code", client_frame(0x88, "\x03\xed"), CloseCode::protocol_error},
        {"close with invalid text", client_frame(0x88, "\x03\xe8\xff"), CloseCode::invalid_text},
    };
    for (Case const& item : cases) {
        CAPTURE(item.name);
        CHECK(read_all(item.bytes, 1).failure == item.code);
        CHECK(read_all(item.bytes, 5000).failure == item.code);
    }
    CHECK(
        read_all(
            client_frame(
                0x88,
                "\x03\xe8"
                "bye"
            ),
            5000
        )
            .failure == CloseCode::none
    );
}

TEST_CASE("a length is refused before its bytes are waited for") {
    std::string const header = client_frame(0x82, std::string(2000, 'x')).substr(0, 8);
    CHECK(read_all(header, 8).failure == CloseCode::too_big);
}

TEST_CASE("whatever bytes come in, the reader fails or goes on") {
    std::mt19937 random{1};
    std::string const valid = client_frame(0x01, "hello") + client_frame(0x89, "p") +
                              client_frame(0x80, std::string(300, 'x')) + client_frame(0x82, "b");
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes = valid;
        for (unsigned changes = random() % 4; changes-- > 0;) {
            bytes[random() % bytes.size()] = static_cast<char>(random());
        }
        bytes.resize(bytes.size() - random() % 3);
        FrameReader reader{1000};
        std::size_t const step = 1 + random() % 200;
        for (std::size_t at = 0; at < bytes.size(); at += step) {
            std::string piece = bytes.substr(at, step);
            auto input = reader.begin(piece);
            auto result = FrameReader::Step::message;
            while ((result = reader.next(input)) == FrameReader::Step::message) {
            }
            if (result == FrameReader::Step::failed) break;
            reader.keep(input);
        }
        CHECK(reader.bytes_held() <= 2100);
    }
}

TEST_CASE("UTF-8 is told from what only looks like it") {
    CHECK(is_utf8(""));
    CHECK(is_utf8("plain text that is longer than a block"));
    CHECK(is_utf8("12345678\xf0\x9f\x8e\xa8 caf\xc3\xa9 \xed\x9f\xbf \xf4\x8f\xbf\xbf"));
    CHECK_FALSE(is_utf8("12345678\x80"));
    CHECK_FALSE(is_utf8("\xed\xa0\x80"));
    CHECK_FALSE(is_utf8("\xf4\x90\x80\x80"));
    CHECK_FALSE(is_utf8("\xe0\x9f\xbf"));
    CHECK_FALSE(is_utf8("abcdefg\xc3"));
}

}  // namespace showrunner::engineio
