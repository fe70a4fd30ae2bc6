// The body of a request whose handler reads it as it comes.
#pragma once

#include "http/connection.hpp"

namespace showrunner::http {

class Connection::BodyStream final : public BodyReader {
public:
    static constexpr std::size_t chunk_bytes_max = std::size_t{64} * 1024;

    explicit BodyStream(Connection& connection) : connection_{connection} {}

    Task<bool> read(std::string& chunk) override;

private:
    Connection& connection_;
};

}  // namespace showrunner::http
