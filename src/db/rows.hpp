// What a statement returned: rows with typed access by column position or name.
#pragma once

#include "base/clock.hpp"

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::db {

/// One row; valid as long as its Rows. Reading a NULL as anything but an optional, or a value as a
/// type it isn't, throws std::logic_error: the query and the code disagree.
class Row {
public:
    Row(PGresult const* result, int row) : result_{result}, row_{row} {}

    [[nodiscard]] bool null(int column) const;
    [[nodiscard]] std::string_view text(int column) const;
    /// Throws std::logic_error when there is none of this name.
    [[nodiscard]] int column(char const* name) const;
    [[nodiscard]] int columns() const;

    /// T: std::string, std::string_view, bool, int, unsigned, std::int64_t, std::uint64_t, double,
    /// Time, std::vector<std::string> (text[]), std::optional of those.
    template <typename T>
    [[nodiscard]] T get(int column) const;

    template <typename T>
    [[nodiscard]] T get(char const* name) const {
        return get<T>(column(name));
    }

private:
    PGresult const* result_;
    int row_;
};

class Rows {
public:
    Rows() = default;

    explicit Rows(PGresult* result) : result_{result} {}

    [[nodiscard]] int size() const { return result_ ? PQntuples(result_.get()) : 0; }

    [[nodiscard]] bool empty() const { return size() == 0; }

    [[nodiscard]] Row operator[](int row) const { return {result_.get(), row}; }

    /// The first row, or std::logic_error when there is none.
    [[nodiscard]] Row front() const;

    /// Rows changed by an INSERT, UPDATE or DELETE without RETURNING.
    [[nodiscard]] std::int64_t affected() const;

    class Iterator {
    public:
        Iterator(PGresult const* result, int row) : result_{result}, row_{row} {}

        Row operator*() const { return {result_, row_}; }

        Iterator& operator++() {
            ++row_;
            return *this;
        }

        bool operator!=(Iterator const& other) const { return row_ != other.row_; }

    private:
        PGresult const* result_;
        int row_;
    };

    [[nodiscard]] Iterator begin() const { return {result_.get(), 0}; }

    [[nodiscard]] Iterator end() const { return {result_.get(), size()}; }

private:
    struct Clear {
        void operator()(PGresult* result) const { PQclear(result); }
    };

    std::unique_ptr<PGresult, Clear> result_;
};

/// Splits PostgreSQL's text form of a one-dimensional text[]; NULL elements become "".
[[nodiscard]] std::vector<std::string> parse_text_array(std::string_view text);

}  // namespace showrunner::db
