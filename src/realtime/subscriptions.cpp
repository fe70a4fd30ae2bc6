#include "realtime/subscriptions.hpp"

namespace showrunner::realtime {

namespace {

db::Query const insert_subscription{
    "insert_subscription",
    "INSERT INTO realtime_subscriptions (session_id, room) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    db::Lane::change
};

db::Query const delete_subscription{
    "delete_subscription",
    "DELETE FROM realtime_subscriptions WHERE session_id = $1 AND room = $2",
    db::Lane::change
};

db::Query const select_subscriptions{
    "select_subscriptions",
    "SELECT room FROM realtime_subscriptions WHERE session_id = $1 LIMIT 1000",
    db::Lane::read
};

db::Query const delete_subscriptions{
    "delete_subscriptions",
    "DELETE FROM realtime_subscriptions WHERE session_id = $1",
    db::Lane::change
};

db::Query const delete_old_subscriptions{
    "delete_old_subscriptions",
    "DELETE FROM realtime_subscriptions WHERE created_at < now() - interval '48 hours'",
    db::Lane::change
};

}  // namespace

Task<> add_subscription(db::Pool& pool, std::string session_id, std::string room) {
    co_await pool.run(insert_subscription, db::Params{session_id, room});
}

Task<> remove_subscription(db::Pool& pool, std::string session_id, std::string room) {
    co_await pool.run(delete_subscription, db::Params{session_id, room});
}

Task<std::vector<std::string>> load_subscriptions(db::Pool& pool, std::string session_id) {
    db::Rows const rows = co_await pool.run(select_subscriptions, db::Params{session_id});
    std::vector<std::string> rooms;
    for (db::Row const row : rows) rooms.push_back(row.get<std::string>(0));
    co_return rooms;
}

Task<> forget_subscriptions(db::Pool& pool, std::string session_id) {
    co_await pool.run(delete_subscriptions, db::Params{session_id});
}

Task<> expire_subscriptions(db::Pool& pool) {
    for (;;) {
        co_await pool.run(delete_old_subscriptions);
        co_await sleep_for(std::chrono::hours{1});
    }
}

}  // namespace showrunner::realtime
