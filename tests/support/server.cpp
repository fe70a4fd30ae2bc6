#include "support/server.hpp"

#include "auth/store.hpp"
#include "base/id.hpp"
#include "base/json.hpp"
#include "support/run.hpp"

#include <doctest/doctest.h>

#include <future>
#include <sstream>

namespace showrunner::test {

namespace {

app::Config on_free_port(app::Config config, std::filesystem::path const& folder) {
    if (config.file_dir.empty()) config.file_dir = folder;
    config.listen = "127.0.0.1:0";
    config.drain_timeout_ms = 100;
    // Nothing happens by itself to a file that was uploaded, unless a test asks for it.
    if (config.media_path == app::Config{}.media_path) config.media_path.clear();
    config.web_dir = "";
    return config;
}

}  // namespace

TestServer::TestServer(app::Config config)
    : app_{std::make_unique<app::App>(
          io_, on_free_port(std::move(config), folder_.path()), database_.url()
      )} {
    run(io_, start());
    thread_ = std::thread{[this] {
        auto const work = asio::make_work_guard(io_);
        io_.restart();
        io_.run();
    }};
}

Task<> TestServer::start() {
    co_await app_->prepare();
    api::Services& services = app_->services();
    for (auth::Role const role : {auth::Role::viewer, auth::Role::editor, auth::Role::admin}) {
        std::string const name{json::name_of(role)};
        auth::NewUser user{name + "@example.com", name, role, ""};
        auth::User const created =
            co_await auth::create_user(services.db, std::move(user), {}, services.clock.now());
        Time const now = services.clock.now();
        users_[role] = created.id;
        tokens_[role] = services.accounts.signer().sign(
            {created.id, new_id(), now, now + std::chrono::minutes{15}}
        );
    }
    url_ = co_await app_->start();
}

TestServer::~TestServer() {
    std::promise<void> stopped;
    asio::co_spawn(io_, app_->stop(), [&](std::exception_ptr) {
        io_.stop();
        stopped.set_value();
    });
    stopped.get_future().wait();
    thread_.join();
    app_.reset();
}

HttpResponse TestServer::call(
    std::optional<auth::Role> as,
    std::string method,
    std::string path,
    std::string body,
    std::vector<std::pair<std::string, std::string>> headers
) const {
    if (as) headers.emplace_back("Authorization", "Bearer " + token(*as));
    bool const typed = std::any_of(headers.begin(), headers.end(), [](auto const& header) {
        return header.first == "Content-Type";
    });
    if (!body.empty() && !typed) headers.emplace_back("Content-Type", "application/json");
    return send(url_, {std::move(method), std::move(path), std::move(body), std::move(headers)});
}

std::vector<std::string> TestServer::event_types(std::size_t skip) const {
    std::istringstream lines{
        database_.sql("SELECT string_agg(type, ' ' ORDER BY txid, seq) FROM events")
    };
    std::vector<std::string> types;
    for (std::string type; lines >> type;) types.push_back(type);
    types.erase(
        types.begin(), types.begin() + static_cast<std::ptrdiff_t>(std::min(skip, types.size()))
    );
    return types;
}

HttpResponse run(TestServer const& server, Scenario const& scenario) {
    INFO(scenario.name);
    std::size_t const before = server.event_types().size();
    HttpResponse response =
        server.call(scenario.as, scenario.method, scenario.path, scenario.body, scenario.headers);
    INFO(response.body);
    CHECK(response.status == scenario.status);
    for (std::string const& text : scenario.contains) {
        INFO(text);
        CHECK(response.body.find(text) != std::string::npos);
    }
    CHECK(server.event_types(before) == scenario.events);
    return response;
}

std::string at(std::string const& text, std::string_view path) {
    boost::system::error_code error;
    boost::json::value value = boost::json::parse(text, error);
    std::string pointer;
    for (std::size_t start = 0; start <= path.size();) {
        std::size_t const end = std::min(path.find('.', start), path.size());
        pointer += '/';
        pointer += path.substr(start, end - start);
        start = end + 1;
    }
    boost::json::value const* found = error ? nullptr : value.find_pointer(pointer, error);
    if (found == nullptr || found->is_null()) return {};
    return found->is_string() ? std::string{found->get_string()} : boost::json::serialize(*found);
}

}  // namespace showrunner::test
