#include "api/idempotency.hpp"

namespace showrunner::api {

namespace {

db::Query const claim_key{
    "claim_idempotency_key",
    "INSERT INTO idempotency_keys (user_id, key, fingerprint, status, body) VALUES ($1, $2, $3, 0, "
    "'') "
    "ON CONFLICT (user_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, created_at = "
    "now() "
    "WHERE idempotency_keys.created_at < now() - interval '24 hours' RETURNING 1",
    db::Lane::change
};

db::Query const read_answer{
    "read_idempotent_answer",
    "SELECT fingerprint, status, etag, body FROM idempotency_keys WHERE user_id = $1 AND key = $2",
    db::Lane::read
};

db::Query const keep_answer{
    "keep_idempotent_answer",
    "UPDATE idempotency_keys SET status = $3, etag = $4, body = $5 WHERE user_id = $1 AND key = $2",
    db::Lane::change
};

db::Query const keep_finished_answer{
    "keep_finished_answer",
    "INSERT INTO idempotency_keys (user_id, key, fingerprint, status, etag, body) "
    "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    db::Lane::change
};

db::Query const delete_old_keys{
    "delete_old_idempotency_keys",
    "DELETE FROM idempotency_keys WHERE created_at < now() - interval '24 hours'",
    db::Lane::change
};

http::Response answer_of(db::Row const& row, std::string const& fingerprint) {
    if (row.get<std::string>(0) != fingerprint) {
        throw Error{
            Code::invalid,
            "IDEMPOTENCY_KEY_REUSED",
            "This Idempotency-Key was used for another request."
        };
    }
    http::Response response = http::Response::json(row.get<unsigned>(1), row.get<std::string>(3));
    std::string etag = row.get<std::string>(2);
    if (!etag.empty()) response.headers.set("ETag", std::move(etag));
    response.headers.set("Idempotent-Replay", "true");
    return response;
}

/// A streamed body takes long and commits as it goes: its answer is kept when it is complete.
Task<http::Response> run_streamed(
    Context& context, Route const& route, std::string key, std::string fingerprint
) {
    db::Params const look_up{context.principal.id(), key};
    db::Rows const kept = co_await context.services.db.run(read_answer, look_up);
    if (!kept.empty()) co_return answer_of(kept.front(), fingerprint);
    http::Response response = co_await route.handler(context);
    db::Params params{context.principal.id(), key, fingerprint, response.status};
    params.add(response.headers.get("ETag")).add(response.body);
    co_await context.services.db.run(keep_finished_answer, std::move(params));
    co_return response;
}

}  // namespace

Task<http::Response> Idempotency::run(Context& context, Route const& route, std::string key) {
    bool const printable =
        std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7f; });
    if (key.size() > 255 || !printable) {
        throw Error{
            Code::malformed,
            "IDEMPOTENCY_KEY",
            "Idempotency-Key must be up to 255 printable characters."
        };
    }
    http::Request const& request = context.request;
    std::string const fingerprint = sha256_hex(
        fmt::format("{} {}\n{}", http::name_of(request.method), request.target, request.body)
    );
    if (route.body == Body::stream) {
        co_return co_await run_streamed(context, route, std::move(key), fingerprint);
    }
    std::string const& owner = context.principal.id();
    db::Transaction transaction = co_await context.services.db.begin();
    db::Rows const claimed =
        co_await transaction.run(claim_key, db::Params{owner, key, fingerprint});
    if (claimed.empty()) {
        db::Rows const kept = co_await transaction.run(read_answer, db::Params{owner, key});
        co_return answer_of(kept.front(), fingerprint);
    }
    context.transaction_ = &transaction;
    http::Response response = co_await route.handler(context);
    context.transaction_ = nullptr;
    db::Params params{owner, key, response.status};
    params.add(response.headers.get("ETag")).add(response.body);
    co_await transaction.run(keep_answer, std::move(params));
    co_await transaction.commit();
    context.services.tail.wake();
    for (auto const& [topic, payload] : context.signals_) context.signal(topic, payload);
    co_return response;
}

Task<> Idempotency::clean_up(db::Pool& pool) {
    for (;;) {
        co_await pool.run(delete_old_keys);
        co_await sleep_for(std::chrono::hours{1});
    }
}

}  // namespace showrunner::api
