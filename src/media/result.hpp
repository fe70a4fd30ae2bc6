// What looking into somebody's file comes to: the value, or why there is none. That a file is
// broken is nothing exceptional: a value, not an exception.
#pragma once

#include <boost/describe/enum.hpp>
#include <boost/system/result.hpp>

#include <cstdint>
#include <string>

namespace showrunner::media {

enum class Failure : std::uint8_t {
    unavailable,  ///< the program that it takes is not installed
    unsupported,  ///< nothing that is known here, or nothing to be made of it
    too_large,    ///< takes more pixels, pages, memory or time than a file may
    broken,       ///< damaged, cut off, or not what it says it is
};
BOOST_DESCRIBE_ENUM(Failure, unavailable, unsupported, too_large, broken)

struct Problem {
    Failure kind = Failure::broken;
    std::string message;  ///< a sentence for whoever has uploaded the file

    bool operator==(Problem const&) const = default;
};

template <typename T>
using Result = boost::system::result<T, Problem>;

}  // namespace showrunner::media
