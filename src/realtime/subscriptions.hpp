// The record rooms that connections have joined, kept so that they can be resumed anywhere.
#pragma once

#include "db/pool.hpp"

#include <string>
#include <vector>

namespace showrunner::realtime {

Task<> add_subscription(db::Pool& pool, std::string session_id, std::string room);
Task<> remove_subscription(db::Pool& pool, std::string session_id, std::string room);
Task<std::vector<std::string>> load_subscriptions(db::Pool& pool, std::string session_id);
/// A connection that ended on purpose does not come back.
Task<> forget_subscriptions(db::Pool& pool, std::string session_id);
/// Deletes what is too old to be resumed, every hour; until cancelled.
Task<> expire_subscriptions(db::Pool& pool);

}  // namespace showrunner::realtime
