// Clears away: uploads that nobody goes on with, content that no record refers to, and what table
// and store do not agree about. Every server does it; whoever comes first does it for all.
#pragma once

#include "api/services.hpp"

namespace showrunner::files {

class Keeper {
public:
    explicit Keeper(api::Services& services);

    // Loops, each until cancelled; under supervise().

    Task<> tidy();       ///< every minute
    Task<> reconcile();  ///< every six hours

    // What they do, once.

    Task<> complete_uploads();
    Task<> expire_uploads();
    Task<> purge_deleted();
    Task<> remove_unused();
    Task<> compare();

private:
    Task<> remove_strays();
    Task<> remove_staged_strays();
    Task<> find_missing();

    api::Services& services_;
};

}  // namespace showrunner::files
