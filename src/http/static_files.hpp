// The built web app: files of a folder, loaded once, with precompressed variants.
#pragma once

#include "http/message.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace showrunner::http {

/// Serves as a browser expects: `/assets/*` immutable with .br/.gz variants by Accept-Encoding and
/// a real 404 when missing; index.html no-cache with ETag for any GET without a file extension;
/// conditional requests, HEAD. A path is only ever looked up among the files that were loaded, so
/// that none can lead out of the folder.
class StaticFiles {
public:
    /// `html_headers` go with every HTML answer (Content-Security-Policy and the like). Throws
    /// std::runtime_error when the folder has no index.html.
    explicit StaticFiles(std::filesystem::path const& folder, Headers html_headers = {});
    ~StaticFiles();
    StaticFiles(StaticFiles&&) noexcept;

    [[nodiscard]] Response serve(Request const& request) const;
    /// Identifies the build: a hash of index.html, 12 hex digits.
    [[nodiscard]] std::string const& build_id() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace showrunner::http
