#include "http/router.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace showrunner::http {

namespace {

constexpr std::size_t verb_count = 8;

/// The segment at the front of `rest`, which begins with a slash; cut off `rest`.
std::string_view next_segment(std::string_view& rest) {
    rest.remove_prefix(1);
    std::string_view const segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    return segment;
}

[[noreturn]] void refuse(Pattern const& pattern, std::string_view why) {
    throw std::logic_error{
        "route " + std::string{name_of(pattern.verb)} + ' ' + std::string{pattern.path} + ": " +
        std::string{why}
    };
}

}  // namespace

std::string_view Params::get(std::string_view name) const {
    for (auto const& [key, value] : *this) {
        if (key == name) return value;
    }
    return {};
}

/// One position of the paths; children are few, so that a sorted vector is the fastest map.
struct Router::Node {
    struct Literal {
        std::string_view segment;
        std::unique_ptr<Node> node;
    };

    struct Leaf {
        int index = -1;
        std::vector<std::string_view> names;  ///< of the params, in order
    };

    std::vector<Literal> literals;
    std::unique_ptr<Node> param;
    std::array<Leaf, verb_count> leaves;

    [[nodiscard]] Node* literal(std::string_view segment) const {
        auto const found = std::lower_bound(
            literals.begin(),
            literals.end(),
            segment,
            [](Literal const& entry, std::string_view wanted) { return entry.segment < wanted; }
        );
        return found != literals.end() && found->segment == segment ? found->node.get() : nullptr;
    }

    Node& make_literal(std::string_view segment) {
        if (Node* const present = literal(segment)) return *present;
        auto const after = std::upper_bound(
            literals.begin(),
            literals.end(),
            segment,
            [](std::string_view wanted, Literal const& entry) { return wanted < entry.segment; }
        );
        return *literals.insert(after, {segment, std::make_unique<Node>()})->node;
    }
};

/// Depth first, literals before params: backtracks when a literal leads nowhere.
struct Router::Search {
    Verb verb = Verb::get;
    std::array<std::string_view, Params::count_max> values{};
    std::array<bool, verb_count> allowed{};

    Node::Leaf const* find(Node const& node, std::string_view rest, std::size_t depth) {
        if (rest.empty()) return leaf_of(node);
        std::string_view after = rest;
        std::string_view const segment = next_segment(after);
        if (Node const* const child = node.literal(segment)) {
            if (Node::Leaf const* const leaf = find(*child, after, depth)) return leaf;
        }
        if (!node.param || segment.empty() || depth == values.size()) return nullptr;
        Node::Leaf const* const leaf = find(*node.param, after, depth + 1);
        if (leaf != nullptr) values[depth] = segment;
        return leaf;
    }

    Node::Leaf const* leaf_of(Node const& node) {
        Node::Leaf const& exact = node.leaves[static_cast<std::size_t>(verb)];
        if (exact.index >= 0) return &exact;
        Node::Leaf const& get = node.leaves[static_cast<std::size_t>(Verb::get)];
        if (verb == Verb::head && get.index >= 0) return &get;
        for (std::size_t i = 0; i < verb_count; ++i) {
            if (node.leaves[i].index >= 0) allowed[i] = true;
        }
        return nullptr;
    }
};

Router::Router(std::span<Pattern const> patterns) : root_{std::make_unique<Node>()} {
    int index = 0;
    for (Pattern const& pattern : patterns) insert(index++, pattern);
}

Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

void Router::insert(int index, Pattern const& pattern) {
    if (!pattern.path.starts_with('/')) refuse(pattern, "does not begin with a slash");
    Node* node = root_.get();
    std::vector<std::string_view> names;
    for (std::string_view rest = pattern.path; !rest.empty();) {
        std::string_view const segment = next_segment(rest);
        bool const is_param = segment.starts_with('{') && segment.ends_with('}');
        if (!is_param && segment.find_first_of("{}") != std::string_view::npos) {
            refuse(pattern, "a parameter must be a whole segment");
        }
        if (!is_param) {
            node = &node->make_literal(segment);
            continue;
        }
        std::string_view const name = segment.substr(1, segment.size() - 2);
        bool const known = std::find(names.begin(), names.end(), name) != names.end();
        if (name.empty() || known) refuse(pattern, "parameter names must be given and differ");
        if (names.size() == Params::count_max) refuse(pattern, "too many parameters");
        names.push_back(name);
        if (!node->param) node->param = std::make_unique<Node>();
        node = node->param.get();
    }
    Node::Leaf& leaf = node->leaves[static_cast<std::size_t>(pattern.verb)];
    if (leaf.index >= 0) refuse(pattern, "declared twice");
    leaf = {index, std::move(names)};
}

Match Router::match(Verb verb, std::string_view path) const {
    Match match;
    if (!path.starts_with('/')) return match;
    Search search{verb};
    Node::Leaf const* const leaf = search.find(*root_, path, 0);
    if (leaf != nullptr) {
        match.index = leaf->index;
        for (std::string_view const name : leaf->names) {
            match.params.values_[match.params.size_] = {name, search.values[match.params.size_]};
            ++match.params.size_;
        }
        return match;
    }
    for (std::size_t i = 0; i < verb_count; ++i) {
        if (search.allowed[i]) match.allowed.push_back(static_cast<Verb>(i));
    }
    bool const has_get = search.allowed[static_cast<std::size_t>(Verb::get)];
    bool const has_head = search.allowed[static_cast<std::size_t>(Verb::head)];
    if (has_get && !has_head) match.allowed.insert(match.allowed.begin() + 1, Verb::head);
    return match;
}

}  // namespace showrunner::http
