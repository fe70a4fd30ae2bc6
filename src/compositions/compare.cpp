#include "compositions/compare.hpp"

#include <algorithm>
#include <set>

namespace showrunner::compositions {

namespace {

/// Nothing of `now` or `before` when it is not there.
template <typename T>
void differ(std::vector<Difference>& out, std::string_view field, T const* before, T const* after) {
    if (before != nullptr && after != nullptr && *before == *after) return;
    Difference difference{std::string{field}, {}, {}};
    if (before != nullptr) difference.before.text = json::to_text(*before);
    if (after != nullptr) difference.after.text = json::to_text(*after);
    if (difference.before != difference.after) out.push_back(std::move(difference));
}

/// Member by member; of one that is not there, or of what is not in both, every member is null.
template <typename T>
std::vector<Difference> members(T const* before, T const* after) {
    std::vector<Difference> out;
    boost::mp11::mp_for_each<json::Members<T>>([&](auto const& d) {
        differ(
            out,
            d.name,
            before == nullptr ? nullptr : &(before->*d.pointer),
            after == nullptr ? nullptr : &(after->*d.pointer)
        );
    });
    return out;
}

template <typename T, typename Key>
T const* find(std::vector<T> const& all, Key const& key, Key T::* member) {
    auto const found = std::ranges::find(all, key, member);
    return found == all.end() ? nullptr : &*found;
}

std::string change_of(void const* before, void const* after) {
    if (before == nullptr) return "added";
    return after == nullptr ? "removed" : "changed";
}

std::vector<FormatDifference> compare_formats(Document const& before, Document const& after) {
    std::vector<FormatDifference> out;
    auto const note = [&](Format const* was, Format const* is) {
        auto fields = members(was, is);
        std::erase_if(fields, [](Difference const& each) { return each.field == "name"; });
        if (fields.empty()) return;
        std::string const name = is != nullptr ? is->name : was->name;
        out.push_back({name, change_of(was, is), std::move(fields)});
    };
    for (Format const& is : after.formats) note(find(before.formats, is.name, &Format::name), &is);
    for (Format const& was : before.formats) {
        if (find(after.formats, was.name, &Format::name) == nullptr) note(&was, nullptr);
    }
    return out;
}

std::optional<int> index_of(std::vector<Layer> const& layers, std::string const& id) {
    auto const found = std::ranges::find(layers, id, &Layer::id);
    if (found == layers.end()) return {};
    return static_cast<int>(found - layers.begin());
}

/// The fewest layers that, taken out of both, leave the rest in the same order: those that are not
/// in the longest run of rising indexes.
std::set<std::string> moved_layers(Document const& before, Document const& after) {
    std::vector<std::pair<int, std::string>> both;
    for (Layer const& layer : after.layers) {
        if (auto const index = index_of(before.layers, layer.id))
            both.emplace_back(*index, layer.id);
    }
    std::vector<std::size_t> length(both.size(), 1);
    std::vector<std::size_t> previous(both.size(), both.size());
    std::size_t best = 0;
    for (std::size_t i = 0; i < both.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (both[j].first < both[i].first && length[j] + 1 > length[i]) {
                length[i] = length[j] + 1;
                previous[i] = j;
            }
        }
        if (length[i] > length[best]) best = i;
    }
    std::set<std::string> moved;
    for (auto const& each : both) moved.insert(each.second);
    for (std::size_t i = best; i < both.size(); i = previous[i]) moved.erase(both[i].second);
    return moved;
}

/// A member that the layer's type does not have is null on both sides, and no difference.
std::vector<LayerDifference> compare_layers(Document const& before, Document const& after) {
    std::vector<LayerDifference> out;
    std::set<std::string> const moved = moved_layers(before, after);
    auto const note = [&](Layer const* was, Layer const* is) {
        Layer const& layer = is != nullptr ? *is : *was;
        auto fields = members(was, is);
        std::erase_if(fields, [](Difference const& each) { return each.field == "id"; });
        bool const has_moved = moved.contains(layer.id);
        if (fields.empty() && !has_moved) return;
        LayerDifference difference;
        difference.id = layer.id;
        difference.name = layer.name.value_or("");
        difference.type = layer.type;
        difference.change = fields.empty() ? "moved" : change_of(was, is);
        difference.before_index = index_of(before.layers, layer.id);
        difference.after_index = index_of(after.layers, layer.id);
        difference.moved = has_moved;
        difference.fields = std::move(fields);
        out.push_back(std::move(difference));
    };
    for (Layer const& is : after.layers) note(find(before.layers, is.id, &Layer::id), &is);
    for (Layer const& was : before.layers) {
        if (!index_of(after.layers, was.id)) note(&was, nullptr);
    }
    return out;
}

Override const* find_override(
    Document const& document, std::string const& format, std::string const& layer
) {
    auto const of_format = document.overrides->find(format);
    if (of_format == document.overrides->end()) return nullptr;
    auto const found = of_format->second.find(layer);
    return found == of_format->second.end() ? nullptr : &found->second;
}

std::vector<OverrideDifference> compare_overrides(Document const& before, Document const& after) {
    std::set<std::pair<std::string, std::string>> keys;
    for (Document const* document : {&before, &after}) {
        for (auto const& [format, layers] : *document->overrides) {
            for (auto const& each : layers) keys.emplace(format, each.first);
        }
    }
    std::vector<OverrideDifference> out;
    for (auto const& [format, layer] : keys) {
        auto fields =
            members(find_override(before, format, layer), find_override(after, format, layer));
        if (!fields.empty()) out.push_back({format, layer, std::move(fields)});
    }
    return out;
}

}  // namespace

Comparison compare(Document before, Document after) {
    before = with_defaults(std::move(before));
    after = with_defaults(std::move(after));
    Comparison out;
    differ(out.fields, "canvas", &before.canvas, &after.canvas);
    differ(out.fields, "background", &before.background, &after.background);
    out.formats = compare_formats(before, after);
    out.layers = compare_layers(before, after);
    out.overrides = compare_overrides(before, after);
    out.identical = before == after;
    return out;
}

Comparison compare(Version before, Version after) {
    Comparison out =
        compare(parse_document(before.document->text), parse_document(after.document->text));
    std::vector<Difference> fields;
    differ(fields, "name", &before.name, &after.name);
    differ(fields, "status", &before.status, &after.status);
    differ(fields, "primary", &before.primary, &after.primary);
    out.fields.insert(out.fields.begin(), fields.begin(), fields.end());
    before.document.reset();
    after.document.reset();
    out.from = std::move(before);
    out.to = std::move(after);
    return out;
}

}  // namespace showrunner::compositions
