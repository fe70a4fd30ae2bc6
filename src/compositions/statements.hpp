// The statements that change compositions. Each keeps the version that comes of the change and
// appends its events; $1 to $4 are of the version: summary, changed fields, reverted_from, and who.
#pragma once

#include "db/query.hpp"

namespace showrunner::compositions {

extern db::Query const find_composition;
extern db::Query const find_place;
extern db::Query const find_primary;
extern db::Query const insert_composition;
extern db::Query const update_composition;
extern db::Query const delete_composition;
extern db::Query const restore_composition;

}  // namespace showrunner::compositions
