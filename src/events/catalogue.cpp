#include "events/catalogue.hpp"

#include <algorithm>
#include <stdexcept>

namespace showrunner::events {

namespace {

/// Calls `put` for every `{member}` of the sentence and joins what it gives with the rest.
template <typename Put>
std::string fill(std::string_view sentence, Put put) {
    std::string out;
    while (!sentence.empty()) {
        auto const open = sentence.find('{');
        out += sentence.substr(0, open);
        if (open == std::string_view::npos) break;
        auto const close = sentence.find('}', open);
        out += put(sentence.substr(open + 1, close - open - 1));
        sentence.remove_prefix(close + 1);
    }
    return out;
}

std::string plain_text(boost::json::value const& value) {
    if (value.is_string()) return std::string{value.get_string()};
    if (value.is_null()) return {};
    if (!value.is_array()) return boost::json::serialize(value);
    std::string out;
    for (boost::json::value const& item : value.get_array()) {
        if (!out.empty()) out += ", ";
        out += plain_text(item);
    }
    return out;
}

}  // namespace

void Catalogue::add(EventInfo info) {
    std::string const name{info.spec->name};
    if (find(name) != nullptr) throw std::logic_error{"two events are called " + name};
    fill(info.spec->summary, [&](std::string_view member) {
        auto const found = std::find(info.members.begin(), info.members.end(), member);
        if (found == info.members.end()) {
            throw std::logic_error{name + "'s summary names no member: " + std::string{member}};
        }
        return std::string{};
    });
    events_.push_back(std::move(info));
}

EventInfo const* Catalogue::find(std::string_view name) const {
    auto const found = std::find_if(events_.begin(), events_.end(), [&](EventInfo const& info) {
        return info.spec->name == name;
    });
    return found == events_.end() ? nullptr : &*found;
}

std::string Catalogue::sentence(std::string_view name, boost::json::value const& payload) const {
    EventInfo const* const info = find(name);
    if (info == nullptr) return std::string{name};
    return fill(info->spec->summary, [&](std::string_view member) {
        boost::json::value const* value =
            payload.is_object() ? payload.get_object().if_contains(json::to_camel(member))
                                : nullptr;
        return value == nullptr ? std::string{} : plain_text(*value);
    });
}

}  // namespace showrunner::events
