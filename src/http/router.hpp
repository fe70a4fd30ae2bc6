// Which route a request means: `/api/v1/episodes/{id}/history` and the like. Pure; knows no
// handlers.
#pragma once

#include "http/message.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace showrunner::http {

/// The text must outlive the router; patterns are literals in route tables.
struct Pattern {
    Verb verb;
    std::string_view path;
};

/// Captured segments, by the name between the braces. Views into the pattern and the path.
class Params {
public:
    static constexpr std::size_t count_max = 8;

    /// The value of `{name}`, or empty.
    [[nodiscard]] std::string_view get(std::string_view name) const;

    [[nodiscard]] std::size_t size() const { return size_; }

    [[nodiscard]] auto begin() const { return values_.begin(); }

    [[nodiscard]] auto end() const { return values_.begin() + static_cast<std::ptrdiff_t>(size_); }

private:
    friend class Router;
    std::array<std::pair<std::string_view, std::string_view>, count_max> values_{};
    std::size_t size_ = 0;
};

struct Match {
    int index = -1;  ///< of the pattern; -1 when there is none
    Params params;
    std::vector<Verb> allowed;  ///< when only the verb is wrong (405): those that would do

    explicit operator bool() const { return index >= 0; }
};

class Router {
public:
    /// Throws std::logic_error when a pattern is malformed or two of them mean the same requests.
    explicit Router(std::span<Pattern const> patterns);
    ~Router();
    Router(Router&&) noexcept;
    Router& operator=(Router&&) noexcept;

    /// Literal segments win over `{param}`; a param takes one non-empty segment. HEAD is served by
    /// GET where it has no route of its own. `path` is percent-decoded.
    [[nodiscard]] Match match(Verb verb, std::string_view path) const;

private:
    struct Node;
    struct Search;

    void insert(int index, Pattern const& pattern);

    std::unique_ptr<Node> root_;
};

}  // namespace showrunner::http
