#include "socketio/packet.hpp"

#include "base/json.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace showrunner::socketio {

namespace {

constexpr std::size_t attachments_max = 10;
constexpr std::size_t json_depth_max = 64;
constexpr std::size_t id_digits_max = 18;

/// Events that a client library fires itself; a client that sends one is up to something.
constexpr std::array reserved_names{
    std::string_view{"connect"},
    std::string_view{"connect_error"},
    std::string_view{"disconnect"},
    std::string_view{"disconnecting"},
    std::string_view{"newListener"},
    std::string_view{"removeListener"},
};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// The decimal number at the front of `text`, taken off; nothing when there is none or too long a
/// one.
std::optional<std::uint64_t> take_number(std::string_view& text) {
    auto const end = std::find_if_not(text.begin(), text.end(), is_digit);
    auto const digits = static_cast<std::size_t>(end - text.begin());
    if (digits == 0 || digits > id_digits_max) return std::nullopt;
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + digits, number);
    text.remove_prefix(digits);
    return number;
}

/// The surrogate that the escape at the front of `text` stands for; 0 for everything else.
unsigned surrogate_at(std::string_view text) {
    unsigned value = 0;
    if (text.size() < 6 || !text.starts_with("\\u")) return 0;
    auto const [end, error] = std::from_chars(text.data() + 2, text.data() + 6, value, 16);
    bool const is_surrogate =
        error == std::errc{} && end == text.data() + 6 && value >= 0xd800 && value <= 0xdfff;
    return is_surrogate ? value : 0;
}

/// Browsers write half a surrogate pair as an escape, which no strict reader takes: half an emoji
/// in a text would end the connection. The half becomes U+FFFD, as in every decoder.
std::string repair_surrogates(std::string_view text) {
    std::string repaired{text};
    for (std::size_t at = 0; (at = repaired.find('\\', at)) != std::string::npos; at += 2) {
        std::string_view const rest = std::string_view{repaired}.substr(at);
        unsigned const first = surrogate_at(rest);
        if (first == 0) continue;
        unsigned const second = first < 0xdc00 ? surrogate_at(rest.substr(6)) : 0;
        if (second >= 0xdc00) {
            at += 10;
        } else {
            repaired.replace(at + 2, 4, "fffd");
        }
    }
    return repaired;
}

std::optional<boost::json::value> parse_json(std::string_view text) {
    boost::json::parse_options options;
    options.max_depth = json_depth_max;
    boost::system::error_code error;
    boost::json::value value = boost::json::parse(text, error, {}, options);
    return error ? std::nullopt : std::optional{std::move(value)};
}

bool takes_attachments(PacketType type) {
    return type == PacketType::binary_event || type == PacketType::binary_ack;
}

/// Where the first element of the array that `text` is ends.
std::size_t end_of_first_element(std::string_view text) {
    std::size_t at = text.find_first_not_of(" \t\r\n", text.find('[') + 1);
    if (text[at] != '"') return text.find_first_of(",]", at);
    for (++at; text[at] != '"'; ++at) {
        if (text[at] == '\\') ++at;
    }
    return at + 1;
}

/// The values of the array that `text` is, from `start` on, without brackets and outer commas.
std::string values_from(std::string_view text, std::size_t start) {
    std::string_view values = text.substr(start, text.rfind(']') - start);
    std::size_t const first = values.find_first_not_of(", \t\r\n");
    return first == std::string_view::npos ? std::string{} : std::string{values.substr(first)};
}

/// True when every placeholder refers to one of `count` attachments.
bool placeholders_fit(boost::json::value const& value, std::size_t count) {
    if (auto const* array = value.if_array()) {
        return std::all_of(array->begin(), array->end(), [&](auto const& item) {
            return placeholders_fit(item, count);
        });
    }
    auto const* object = value.if_object();
    if (object == nullptr) return true;
    auto const* mark = object->if_contains("_placeholder");
    if (mark != nullptr && mark->is_bool() && mark->get_bool()) {
        auto const* number = object->if_contains("num");
        if (number == nullptr || !number->is_int64()) return false;
        return number->get_int64() >= 0 && static_cast<std::uint64_t>(number->get_int64()) < count;
    }
    return std::all_of(object->begin(), object->end(), [&](auto const& member) {
        return placeholders_fit(member.value(), count);
    });
}

bool take_event(Packet& packet, std::string_view text) {
    boost::json::array& values = packet.arguments;
    if (values.empty()) return false;
    boost::json::value const& name = values.front();
    std::size_t const name_end = end_of_first_element(text);
    if (name.is_string()) {
        packet.name = name.get_string();
        if (std::find(reserved_names.begin(), reserved_names.end(), packet.name) !=
            reserved_names.end()) {
            return false;
        }
    } else if (name.is_number()) {
        packet.name = boost::json::serialize(name);
    } else {
        return false;
    }
    packet.arguments_text = values_from(text, name_end);
    values.erase(values.begin());
    return true;
}

bool take_body(Packet& packet, std::string_view text) {
    std::string repaired;
    boost::json::value body;
    if (!text.empty()) {
        auto parsed = parse_json(text);
        if (!parsed) {
            text = repaired = repair_surrogates(text);
            parsed = parse_json(text);
        }
        if (!parsed) return false;
        body = std::move(*parsed);
    }
    switch (packet.type) {
        case PacketType::connect:
            if (body.is_object()) packet.auth = std::move(body.get_object());
            return text.empty() || body.is_object();
        case PacketType::disconnect:
            return text.empty();
        case PacketType::connect_error:  // Only servers send it.
            return false;
        case PacketType::event:
        case PacketType::binary_event:
        case PacketType::ack:
        case PacketType::binary_ack:
            break;
    }
    if (!body.is_array()) return false;
    if (takes_attachments(packet.type) && !placeholders_fit(body, packet.attachments)) return false;
    packet.arguments = std::move(body.get_array());
    if (packet.type == PacketType::event || packet.type == PacketType::binary_event) {
        return take_event(packet, text);
    }
    packet.arguments_text = values_from(text, text.find('[') + 1);
    return packet.id.has_value();
}

void append_head(std::string& out, PacketType type, std::string_view nsp, Outgoing const& packet) {
    out += static_cast<char>('0' + static_cast<int>(type));
    if (takes_attachments(type)) {
        out += std::to_string(packet.attachments.size());
        out += '-';
    }
    if (nsp != "/") {
        out += nsp;
        out += ',';
    }
    if (packet.id) out += std::to_string(*packet.id);
}

MessagePtr encode(PacketType type, std::string_view nsp, Outgoing const& packet) {
    std::string text;
    text.reserve(nsp.size() + packet.name.size() + packet.arguments.size() + 64);
    append_head(text, type, nsp, packet);
    text += '[';
    char const* comma = "";
    if (!packet.name.empty()) {
        json::write_string(text, packet.name);
        comma = ",";
    }
    if (!packet.arguments.empty()) {
        text += comma;
        text += packet.arguments;
        comma = ",";
    }
    if (!packet.offset.empty()) {
        text += comma;
        json::write_string(text, packet.offset);
    }
    text += ']';
    return engineio::message(text, packet.attachments);
}

}  // namespace

std::optional<Packet> parse_packet(std::string_view text) {
    if (text.empty() || text[0] < '0' || text[0] > '6') return std::nullopt;
    Packet packet;
    packet.type = static_cast<PacketType>(text[0] - '0');
    text.remove_prefix(1);
    if (takes_attachments(packet.type)) {
        auto const count = take_number(text);
        if (!count || *count > attachments_max || !text.starts_with('-')) return std::nullopt;
        packet.attachments = *count;
        text.remove_prefix(1);
    }
    if (text.starts_with('/')) {
        std::size_t const comma = std::min(text.find(','), text.size());
        packet.nsp = text.substr(0, comma);
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    if (!text.empty() && is_digit(text[0])) {
        packet.id = take_number(text);
        if (!packet.id) return std::nullopt;
    }
    if (!take_body(packet, text)) return std::nullopt;
    return packet;
}

MessagePtr encode_event(std::string_view nsp, Outgoing const& event) {
    bool const binary = !event.attachments.empty();
    return encode(binary ? PacketType::binary_event : PacketType::event, nsp, event);
}

MessagePtr encode_ack(std::string_view nsp, Outgoing const& ack) {
    bool const binary = !ack.attachments.empty();
    return encode(binary ? PacketType::binary_ack : PacketType::ack, nsp, ack);
}

MessagePtr encode_connected(std::string_view nsp, std::string_view sid, std::string_view pid) {
    std::string text;
    append_head(text, PacketType::connect, nsp, {});
    text += R"({"sid":)";
    json::write_string(text, sid);
    if (!pid.empty()) {
        text += R"(,"pid":)";
        json::write_string(text, pid);
    }
    text += '}';
    return engineio::message(text);
}

MessagePtr encode_connect_error(
    std::string_view nsp, std::string_view message, std::string_view data
) {
    std::string text;
    append_head(text, PacketType::connect_error, nsp, {});
    text += R"({"message":)";
    json::write_string(text, message);
    if (!data.empty()) {
        text += R"(,"data":)";
        text += data;
    }
    text += '}';
    return engineio::message(text);
}

MessagePtr encode_disconnect(std::string_view nsp) {
    std::string text;
    append_head(text, PacketType::disconnect, nsp, {});
    return engineio::message(text);
}

}  // namespace showrunner::socketio
