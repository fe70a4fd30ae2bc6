// What a broadcast costs: showrunner-echo beside a bare send() loop and the official Node server,
// in one run, so that the ratios mean something on whatever machine this is.
//
//     showrunner_fanout_bench --echo build/release/showrunner-echo --node
//     bench/peers/socketio_server.mjs
#include "clients.hpp"
#include "floor_server.hpp"
#include "process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace showrunner::bench {

namespace {

constexpr int server_core = 0;
constexpr int client_core = 1;
constexpr std::size_t event_bytes = 500;
constexpr std::size_t burst_events = 50;

struct Settings {
    std::vector<std::size_t> clients{1000, 10'000};
    std::size_t deliveries = 300'000;  ///< a round
    int rounds = 3;
    std::string self;
    std::string echo;
    std::string node;
};

struct Subject {
    std::string name;
    std::vector<std::string> command;
};

/// One server with its clients, measured round by round.
class Measurement {
public:
    Measurement(Subject const& subject, std::size_t clients)
        : name_{subject.name},
          count_{clients},
          process_{std::make_unique<Process>(subject.command, server_core)},
          clients_{std::make_unique<Clients>(process_->port())} {
        double const memory = process_->resident_bytes();
        double const cpu = process_->cpu_seconds();
        clients_->connect(clients);
        auto const n = static_cast<double>(clients);
        connect_ms_ = (process_->cpu_seconds() - cpu) * 1e3 / n;
        idle_kib_ = (process_->resident_bytes() - memory) / 1024 / n;
        publish(1, 20);
    }

    void round(std::size_t deliveries) {
        single_.push_back(publish(1, std::max<std::size_t>(deliveries / count_, 1)));
        if (name_ == "floor") return;  // Bursts are what it cannot do better.
        std::size_t const bursts = deliveries / count_ / burst_events;
        burst_.push_back(publish(burst_events, std::max<std::size_t>(bursts, 1)));
    }

    /// Ends server and clients; the numbers stay.
    void disconnect() {
        clients_.reset();
        process_.reset();
    }

    [[nodiscard]] std::string const& name() const { return name_; }

    [[nodiscard]] double single() const { return median(single_); }

    [[nodiscard]] double burst() const { return median(burst_); }

    [[nodiscard]] double connect_ms() const { return connect_ms_; }

    [[nodiscard]] double idle_kib() const { return idle_kib_; }

private:
    static double median(std::vector<double> values) {
        if (values.empty()) return 0;
        std::sort(values.begin(), values.end());
        return values[values.size() / 2];
    }

    /// CPU seconds of the server per million deliveries.
    double publish(std::size_t events, std::size_t times) {
        constexpr std::string_view head = R"(42["pub",")";
        constexpr std::string_view tail = R"("])";
        std::size_t const frame_bytes = 4 + event_bytes;
        std::string const text(event_bytes + 1 - head.size() - tail.size(), 'x');
        std::string const one = client_frame(std::string{head} + text + std::string{tail});
        std::string burst;
        for (std::size_t i = 0; i < events; ++i) burst += one;
        double const before = process_->cpu_seconds();
        for (std::size_t i = 0; i < times; ++i) {
            clients_->publish(burst);
            clients_->await(count_ * events * frame_bytes);
        }
        double const deliveries = static_cast<double>(times * events * count_);
        return (process_->cpu_seconds() - before) * 1e6 / deliveries;
    }

    std::string name_;
    std::size_t count_;
    std::unique_ptr<Process> process_;
    std::unique_ptr<Clients> clients_;
    double connect_ms_ = 0;
    double idle_kib_ = 0;
    std::vector<double> single_;
    std::vector<double> burst_;
};

void report(std::size_t clients, std::vector<std::unique_ptr<Measurement>> const& all) {
    std::map<std::string, Measurement const*> by_name;
    for (auto const& measurement : all) {
        by_name[measurement->name()] = measurement.get();
        fmt::print(
            "clients={} server={} single_s_per_million={:.2f} burst_s_per_million={:.2f} "
            "connect_cpu_ms={:.3f} idle_rss_kib={:.2f}\n",
            clients,
            measurement->name(),
            measurement->single(),
            measurement->burst(),
            measurement->connect_ms(),
            measurement->idle_kib()
        );
    }
    auto const ratio = [&](char const* what, double a, double b) {
        if (b > 0) fmt::print("clients={} ratio {}={:.2f}\n", clients, what, a / b);
    };
    auto const* ours = by_name["showrunner"];
    auto const* floor = by_name["floor"];
    auto const* node = by_name["node"];
    if (ours != nullptr && floor != nullptr) {
        ratio("single showrunner/floor", ours->single(), floor->single());
    }
    if (ours != nullptr && node != nullptr) {
        ratio("single node/showrunner", node->single(), ours->single());
        ratio("burst node/showrunner", node->burst(), ours->burst());
        ratio("idle memory node/showrunner", node->idle_kib(), ours->idle_kib());
    }
    std::fflush(stdout);
}

void run(Settings const& settings) {
    pin_to_core(client_core);
    std::vector<Subject> subjects{{"floor", {settings.self, "--floor"}}};
    if (!settings.echo.empty()) {
        subjects.push_back({"showrunner", {settings.echo, "--ping-interval", "600000"}});
    }
    if (!settings.node.empty()) subjects.push_back({"node", {"node", settings.node}});
    for (std::size_t const clients : settings.clients) {
        std::vector<std::unique_ptr<Measurement>> all;
        for (Subject const& subject : subjects) {
            all.push_back(std::make_unique<Measurement>(subject, clients));
            // Rounds of one server at a time: two sets of clients do not fit under every limit
            // of open files.
            for (int i = 0; i < settings.rounds; ++i) all.back()->round(settings.deliveries);
            all.back()->disconnect();
        }
        report(clients, all);
    }
}

std::size_t number(std::string const& text) {
    std::size_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

}  // namespace showrunner::bench

int main(int count, char** arguments) {
    using namespace showrunner::bench;
    std::vector<std::string> const words{arguments, arguments + count};
    if (words.size() > 1 && words[1] == "--floor") return serve_floor();
    Settings settings;
    settings.self = words[0];
    for (std::size_t i = 1; i + 1 < words.size(); i += 2) {
        std::string const& value = words[i + 1];
        if (words[i] == "--echo") settings.echo = value;
        if (words[i] == "--node") settings.node = value;
        if (words[i] == "--clients") settings.clients = {number(value)};
        if (words[i] == "--deliveries") settings.deliveries = number(value);
        if (words[i] == "--rounds") settings.rounds = static_cast<int>(number(value));
    }
    raise_file_limit();
    try {
        run(settings);
    } catch (std::exception const& error) {
        fmt::print(stderr, "showrunner_fanout_bench: {}\n", error.what());
        return 1;
    }
    return 0;
}
