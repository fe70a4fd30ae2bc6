// What handlers may use. Owned by the application, handed to every request by reference.
#pragma once

#include "auth/accounts.hpp"
#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "client/http.hpp"
#include "db/pool.hpp"
#include "events/catalogue.hpp"
#include "events/live.hpp"
#include "events/signals.hpp"
#include "events/tail.hpp"
#include "media/tools.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <string>

namespace showrunner::realtime {
class Hub;
}

namespace showrunner::jobs {
class Types;
}

namespace showrunner::files {
class Depot;
}

namespace showrunner::compositions {
class Studio;
}

namespace showrunner::api {

struct DocsPage;

/// What the server says of itself.
struct About {
    std::string node;           ///< this process, for logs and clients
    std::string build_id;       ///< of the web app
    std::string metrics_token;  ///< empty: /metrics is for this machine and for admins
    std::string openapi;
    std::shared_ptr<DocsPage const> docs;
    bool stopping = false;
};

/// What the operator allows users to direct the server to do.
struct Allowances {
    client::AddressFilter addresses = client::is_public;       ///< of requests to other servers
    std::map<std::string, std::string, std::less<>> commands;  ///< name → program
    unsigned command_cpu_s = 600;
    std::uint64_t command_memory_bytes = 4ULL << 30U;
};

/// What looks into files of users.
struct Media {
    bool wanted = true;             ///< false: nothing is made of files
    media::Tools tools;             ///< as they were found at the start
    std::filesystem::path scratch;  ///< folder for what is being made; made when it is needed
};

struct Services {
    db::Pool& db;
    db::Pool&
        jobs_db;  ///< for taking and ending jobs: neither they nor requests wait for the other
    Clock const& clock;
    auth::Accounts& accounts;
    events::Tail& tail;
    events::Live& live;
    events::Signals& signals;
    client::Http& http;
    Allowances const& allowed;
    Media const& media;
    jobs::Types const& job_types;
    files::Depot& files;
    compositions::Studio const& studio;
    realtime::Hub& hub;
    events::Catalogue const& catalogue;
    metrics::Registry& metrics;
    About& about;
};

}  // namespace showrunner::api
