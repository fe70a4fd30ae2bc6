// Counters, gauges and histograms for /metrics (Prometheus text format 0.0.4).
//
// A metric is declared once, as a constexpr Spec beside the code that counts it, and registered in
// the constructor of its owner; the help text is what /metrics and docs/metrics.md show.
// Series of a family are bounded: past `max_series` further label values share the series "other".
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::metrics {

enum class Kind : std::uint8_t { counter, gauge, histogram };

[[nodiscard]] std::string_view name_of(Kind kind);

struct Spec {
    std::string_view name;  ///< showrunner_<noun>_<unit>[_total]
    Kind kind;
    std::string_view help;         ///< one sentence
    std::string_view label = {};   ///< label name, or empty
    std::string_view label2 = {};  ///< second label name, or empty
};

/// Any thread may add; no lock.
class Counter {
public:
    void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }

    [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

class Gauge {
public:
    void set(double value) { value_.store(value, std::memory_order_relaxed); }

    void add(double delta) { value_.fetch_add(delta, std::memory_order_relaxed); }

    [[nodiscard]] double value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<double> value_{0};
};

/// Seconds, in buckets from 0.5 ms to 10 s.
class Histogram {
public:
    static constexpr std::array bounds{
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0
    };

    void observe(double seconds);

    std::array<Counter, bounds.size() + 1> buckets;  ///< not cumulative; the last one is the rest
    Counter sum_us;                                  ///< microseconds
};

class Registry {
public:
    static constexpr std::size_t max_series = 500;

    /// The series of `spec` with these label values; the reference stays valid with the registry.
    Counter& counter(Spec const& spec, std::string_view label = {}, std::string_view label2 = {});
    Gauge& gauge(Spec const& spec, std::string_view label = {}, std::string_view label2 = {});
    Histogram& histogram(
        Spec const& spec, std::string_view label = {}, std::string_view label2 = {}
    );

    /// A gauge or counter that is read when /metrics is asked for, on the event loop's thread. Read
    /// by several, it is their sum.
    void read_at_scrape(
        Spec const& spec, std::function<double()> read, std::string_view label = {}
    );

    /// Shows a metric before it has a series: one whose label values are only known in use.
    void declare(Spec const& spec);

    /// All that are declared or have a series, by name.
    [[nodiscard]] std::vector<Spec> specs() const;

    [[nodiscard]] std::string render() const;

private:
    struct Series {
        std::string labels;  ///< `route="…",status="…"`, escaped
        Counter counter;
        Gauge gauge;
        std::unique_ptr<Histogram> histogram;
        std::vector<std::function<double()>> reads;
    };

    struct Family {
        Spec spec;
        std::map<std::string, std::unique_ptr<Series>, std::less<>> series;
    };

    Series& series(Spec const& spec, std::string_view label, std::string_view label2);
    static void render_histogram(std::string& out, Spec const& spec, Series const& series);

    mutable std::mutex mutex_;  ///< for the maps; the values themselves are atomic
    std::map<std::string_view, Family> families_;
};

}  // namespace showrunner::metrics
