// Idempotency-Key: the same key and request within 24 hours gets the first answer again.
//
// The answer is kept by the transaction that makes the change, so a client that lost the
// connection can ask again and neither change twice nor miss that it was changed. Of two requests
// at once the second waits for the first. Only successes are kept.
#pragma once

#include "api/context.hpp"
#include "api/route.hpp"

namespace showrunner::api {

class Idempotency {
public:
    /// Calls the route's handler, or gives the first answer again.
    static Task<http::Response> run(Context& context, Route const& route, std::string key);

    /// Deletes keys older than 24 hours, every hour.
    static Task<> clean_up(db::Pool& pool);
};

}  // namespace showrunner::api
