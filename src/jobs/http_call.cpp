// A request to another server, tried again until it is taken: what a webhook delivery is made of.
#include "base/text.hpp"
#include "jobs/feature.hpp"

#include <charconv>

namespace showrunner::jobs {

namespace {

constexpr std::size_t answer_kept_bytes = 2'000;

client::Headers headers_of(json::Raw const& given) {
    client::Headers headers;
    boost::json::value const value = json::parse_value(given.text);
    for (auto const& [name, text] : value.as_object()) {
        if (!text.is_string()) {
            throw invalid_field("headers", "TYPE", "must have texts for values");
        }
        headers.emplace_back(name, std::string_view{text.get_string()});
    }
    return headers;
}

/// What the other side asks us to wait, in the form of seconds.
std::optional<std::chrono::milliseconds> retry_after(client::Response const& response) {
    std::string_view const text = response.header("retry-after");
    unsigned seconds = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc{} || end != text.data() + text.size()) return {};
    return std::chrono::seconds{std::min(seconds, 86'400U)};
}

std::string result_of(client::Response const& response) {
    std::string const body = valid_utf8(response.body, answer_kept_bytes);
    return fmt::format(R"({{"status":{},"body":{}}})", response.status, json::to_text(body));
}

/// The other side may come to like it: it is busy, broken, or asks to wait.
bool is_worth_retrying(unsigned status) {
    return status >= 500 || status == 408 || status == 425 || status == 429;
}

}  // namespace

Task<> run_http_call(Run& run) {
    auto const args = run.args<HttpCallArgs>();
    client::Request request;
    request.method = json::name_of(args.method.value_or(HttpMethod::POST));
    request.url = args.url;
    request.headers = headers_of(args.headers);
    request.body = args.body.value_or("");
    request.timeout = std::chrono::seconds{args.timeout_s.value_or(30)};
    request.allow = run.services.allowed.addresses;
    // Lets the other side know a repetition when it sees one.
    request.headers.emplace_back("Idempotency-Key", run.job.id);
    run.log(LogLevel::info, fmt::format("{} {}", request.method, request.url));
    auto const answer = co_await run.services.http.attempt(std::move(request));
    if (auto const* error = std::get_if<Error>(&answer)) {
        bool const hopeless = error->code == Code::invalid || error->token == "ADDRESS_FORBIDDEN";
        throw Failed{Failure{error->token, error->what(), "failed", !hopeless, {}}};
    }
    auto const& response = std::get<client::Response>(answer);
    run.log(LogLevel::info, fmt::format("answered {}", response.status));
    if (response.status >= 200 && response.status < 300) {
        run.result = result_of(response);
        co_return;
    }
    throw Failed{Failure{
        fmt::format("HTTP_{}", response.status),
        fmt::format("The server answered with status {}.", response.status),
        "failed",
        is_worth_retrying(response.status),
        retry_after(response)
    }};
}

}  // namespace showrunner::jobs
