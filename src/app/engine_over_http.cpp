#include "app/engine_over_http.hpp"

namespace showrunner::app {

namespace {

engineio::Request to_engine(http::Request const& request) {
    engineio::Request translated;
    translated.method = http::name_of(request.method);
    translated.query = request.query;
    translated.headers.assign(request.headers.begin(), request.headers.end());
    translated.remote_address = request.remote_address;
    translated.secure = request.secure;
    return translated;
}

class StreamedBody final : public engineio::Body {
public:
    explicit StreamedBody(http::BodyReader* reader) : reader_{reader} {}

    Task<std::string> read() override {
        std::string body;
        std::string chunk;
        while (reader_ != nullptr) {
            bool const more = co_await reader_->read(chunk);
            if (!more) break;
            body += chunk;
        }
        co_return body;
    }

private:
    http::BodyReader* reader_;
};

}  // namespace

bool EngineOverHttp::matches(http::Request const& request) const {
    return engine_.matches(request.path);
}

http::Plan EngineOverHttp::plan() const {
    // The body is read once the session is known to take it; a poll is held as long as it takes.
    return {
        .body_limit = engine_.options().max_payload,
        .stream_body = true,
        .deadline = std::chrono::milliseconds{0},
    };
}

Task<http::Response> EngineOverHttp::serve(http::Request& request) {
    engineio::Request const translated = to_engine(request);
    StreamedBody body{request.stream};
    engineio::Response answer = co_await engine_.serve(translated, body);
    http::Response response;
    response.status = answer.status;
    for (auto& [name, value] : answer.headers) response.headers.add(name, std::move(value));
    response.body = std::move(answer.body);
    co_return response;
}

void EngineOverHttp::upgrade(http::Request const& request, http::Upgrade& upgrade) {
    engine_.accept(std::move(upgrade.socket), to_engine(request), std::move(upgrade.buffered));
}

}  // namespace showrunner::app
