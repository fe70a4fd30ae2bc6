#include "compositions/composition.hpp"

#include <algorithm>

namespace showrunner::compositions {

std::vector<Status> allowed_moves(Status from) {
    using enum Status;
    switch (from) {
        case draft:
            return {approved};
        case approved:
            return {draft, published};
        case published:
            return {draft};
    }
    return {};
}

void check_move(Status from, Status to) {
    std::vector<Status> const allowed = allowed_moves(from);
    if (std::ranges::count(allowed, to) > 0) return;
    Error error{
        Code::conflict,
        "INVALID_MOVE",
        fmt::format(
            "A composition that is {} cannot become {}.", json::name_of(from), json::name_of(to)
        )
    };
    for (Status const status : allowed) error.allowed.emplace_back(json::name_of(status));
    throw error;
}

void describe(Composition& composition, Document const& document) {
    composition.width = document.canvas.width;
    composition.height = document.canvas.height;
    composition.formats.clear();
    for (Format const& format : document.formats) composition.formats.push_back(format.name);
}

std::string_view empty_document() {
    return R"({"canvas":{"width":1920,"height":1080},"background":"#101014","formats":[{"name":"1920x1080","width":1920,"height":1080}],"layers":[]})";
}

}  // namespace showrunner::compositions
