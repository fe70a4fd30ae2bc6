#include "base/metrics.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace showrunner::metrics {

namespace {

void append_label(std::string& out, std::string_view name, std::string_view value) {
    if (name.empty()) return;
    if (!out.empty()) out += ',';
    out += name;
    out += "=\"";
    for (char const c : value) {
        if (c == '\n') {
            out += "\\n";
            continue;
        }
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    out += '"';
}

void sample(std::string& out, std::string_view name, std::string_view labels, double value) {
    if (labels.empty()) {
        fmt::format_to(std::back_inserter(out), "{} {}\n", name, value);
    } else {
        fmt::format_to(std::back_inserter(out), "{}{{{}}} {}\n", name, labels, value);
    }
}

}  // namespace

std::string_view name_of(Kind kind) {
    switch (kind) {
        case Kind::counter:
            return "counter";
        case Kind::gauge:
            return "gauge";
        case Kind::histogram:
            return "histogram";
    }
    return "untyped";
}

void Histogram::observe(double seconds) {
    std::size_t bucket = 0;
    while (bucket < bounds.size() && seconds > bounds[bucket]) ++bucket;
    buckets[bucket].add();
    sum_us.add(static_cast<std::uint64_t>(seconds * 1e6));
}

Registry::Series& Registry::series(
    Spec const& spec, std::string_view label, std::string_view label2
) {
    std::string labels;
    append_label(labels, spec.label, label);
    append_label(labels, spec.label2, label2);
    std::lock_guard const lock{mutex_};
    Family& family = families_.try_emplace(spec.name, Family{spec, {}}).first->second;
    auto found = family.series.find(labels);
    if (found == family.series.end() && family.series.size() >= max_series) {
        labels.clear();
        append_label(labels, spec.label, "other");
        append_label(labels, spec.label2, "other");
        found = family.series.find(labels);
    }
    if (found == family.series.end()) {
        auto fresh = std::make_unique<Series>();
        fresh->labels = labels;
        if (spec.kind == Kind::histogram) fresh->histogram = std::make_unique<Histogram>();
        found = family.series.emplace(std::move(labels), std::move(fresh)).first;
    }
    return *found->second;
}

Counter& Registry::counter(Spec const& spec, std::string_view label, std::string_view label2) {
    return series(spec, label, label2).counter;
}

Gauge& Registry::gauge(Spec const& spec, std::string_view label, std::string_view label2) {
    return series(spec, label, label2).gauge;
}

Histogram& Registry::histogram(Spec const& spec, std::string_view label, std::string_view label2) {
    return *series(spec, label, label2).histogram;
}

void Registry::read_at_scrape(
    Spec const& spec, std::function<double()> read, std::string_view label
) {
    series(spec, label, {}).reads.push_back(std::move(read));
}

void Registry::render_histogram(std::string& out, Spec const& spec, Series const& series) {
    std::uint64_t count = 0;
    std::string const comma = series.labels.empty() ? "" : ",";
    for (std::size_t i = 0; i <= Histogram::bounds.size(); ++i) {
        count += series.histogram->buckets[i].value();
        std::string const bound =
            i < Histogram::bounds.size() ? fmt::format("{}", Histogram::bounds[i]) : "+Inf";
        fmt::format_to(
            std::back_inserter(out),
            "{}_bucket{{{}{}le=\"{}\"}} {}\n",
            spec.name,
            series.labels,
            comma,
            bound,
            count
        );
    }
    double const sum = static_cast<double>(series.histogram->sum_us.value()) / 1e6;
    sample(out, fmt::format("{}_sum", spec.name), series.labels, sum);
    sample(out, fmt::format("{}_count", spec.name), series.labels, static_cast<double>(count));
}

void Registry::declare(Spec const& spec) {
    std::lock_guard const lock{mutex_};
    families_.try_emplace(spec.name, Family{spec, {}});
}

std::vector<Spec> Registry::specs() const {
    std::lock_guard const lock{mutex_};
    std::vector<Spec> specs;
    for (auto const& [name, family] : families_) specs.push_back(family.spec);
    return specs;
}

std::string Registry::render() const {
    std::lock_guard const lock{mutex_};
    std::string out;
    for (auto const& [name, family] : families_) {
        fmt::format_to(
            std::back_inserter(out),
            "# HELP {} {}\n# TYPE {} {}\n",
            name,
            family.spec.help,
            name,
            name_of(family.spec.kind)
        );
        for (auto const& [labels, series] : family.series) {
            if (series->histogram) {
                render_histogram(out, family.spec, *series);
            } else if (!series->reads.empty()) {
                double sum = 0;
                for (auto const& read : series->reads) sum += read();
                sample(out, name, labels, sum);
            } else if (family.spec.kind == Kind::counter) {
                sample(out, name, labels, static_cast<double>(series->counter.value()));
            } else {
                sample(out, name, labels, series->gauge.value());
            }
        }
    }
    return out;
}

}  // namespace showrunner::metrics
