// What makes two versions of a composition different, field by field.
#pragma once

#include "compositions/document.hpp"
#include "compositions/versions.hpp"

#include <boost/describe.hpp>

#include <optional>
#include <string>
#include <vector>

namespace showrunner::compositions {

struct Difference {
    std::string field;
    json::Raw before;  ///< null: not there
    json::Raw after;
};
BOOST_DESCRIBE_STRUCT(Difference, (), (field, before, after))

struct FormatDifference {
    std::string name;
    std::string change;  ///< added, removed, changed
    std::vector<Difference> fields;
};
BOOST_DESCRIBE_STRUCT(FormatDifference, (), (name, change, fields))

struct LayerDifference {
    std::string id;
    std::string name;
    std::string type;
    std::string change;               ///< added, removed, changed; moved: nothing but its place
    std::optional<int> before_index;  ///< from the bottom, 0 first
    std::optional<int> after_index;
    bool moved = false;  ///< among the layers that are in both
    std::vector<Difference> fields;
};
BOOST_DESCRIBE_STRUCT(
    LayerDifference, (), (id, name, type, change, before_index, after_index, moved, fields)
)

struct OverrideDifference {
    std::string format;
    std::string layer_id;
    std::vector<Difference> fields;
};
BOOST_DESCRIBE_STRUCT(OverrideDifference, (), (format, layer_id, fields))

struct Comparison {
    Version from;
    Version to;
    bool identical = true;           ///< as documents, defaults put in
    std::vector<Difference> fields;  ///< name, status, canvas, background
    std::vector<FormatDifference> formats;
    std::vector<LayerDifference> layers;  ///< as they are in `to`, then those that are gone
    std::vector<OverrideDifference> overrides;
};
BOOST_DESCRIBE_STRUCT(Comparison, (), (from, to, identical, fields, formats, layers, overrides))

/// Of two documents; `from` and `to` are left empty.
[[nodiscard]] Comparison compare(Document before, Document after);

/// Of two versions with their documents, which the answer then does not carry.
[[nodiscard]] Comparison compare(Version before, Version after);

}  // namespace showrunner::compositions
