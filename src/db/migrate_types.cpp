#include "db/migrate.hpp"

#include <stdexcept>

namespace showrunner::db {

std::vector<Migration> sorted(std::vector<Migration> migrations) {
    std::sort(migrations.begin(), migrations.end(), [](Migration const& a, Migration const& b) {
        return a.number < b.number;
    });
    for (std::size_t i = 0; i < migrations.size(); ++i) {
        if (migrations[i].number != static_cast<int>(i) + 1) {
            throw std::logic_error{"migrations are not numbered 1, 2, 3 …"};
        }
    }
    return migrations;
}

}  // namespace showrunner::db
