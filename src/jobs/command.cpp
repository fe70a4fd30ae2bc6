// Runs a program that the operator has allowed. It gets the job as JSON on its standard input and
// speaks by the line: `progress 40 Encoding`, `result {"frames":120}`; every other line, and all of
// its standard error, is the log. Status 0 is success; 64 and 65 (bad usage, bad data) are not
// tried again; every other status is.
#include "base/text.hpp"
#include "jobs/feature.hpp"
#include "process/child.hpp"

#include <charconv>

namespace showrunner::jobs {

namespace {

constexpr int bad_usage = 64;
constexpr int bad_data = 65;
constexpr std::size_t result_bytes_max = 65'536;

std::string input_of(Claimed const& job, CommandArgs const& args) {
    std::string input = R"({"job_id":)";
    json::write(input, job.id);
    input += R"(,"attempt":)";
    json::write(input, job.attempt);
    input += R"(,"show_id":)";
    json::write(input, job.show_id);
    input += R"(,"episode_id":)";
    json::write(input, job.episode_id);
    input += R"(,"input":)" + args.input.text + "}\n";
    return input;
}

/// `40 Encoding` → 40, "Encoding"; false when it is something else.
bool report_progress(Run& run, std::string_view text) {
    int percent = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), percent);
    if (error != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with('%')) text.remove_prefix(1);
    if (!text.empty() && !text.starts_with(' ')) return false;
    run.progress(percent, std::string{text.substr(std::min<std::size_t>(1, text.size()))});
    return true;
}

bool keep_result(Run& run, std::string_view text) {
    boost::system::error_code error;
    boost::json::value const value = boost::json::parse(text, error);
    if (error || !value.is_object() || text.size() > result_bytes_max) return false;
    run.result = boost::json::serialize(value);
    return true;
}

void take_line(Run& run, std::string_view line) {
    constexpr std::string_view progress = "progress ";
    constexpr std::string_view result = "result ";
    if (line.starts_with(progress) && report_progress(run, line.substr(progress.size()))) return;
    if (line.starts_with(result) && keep_result(run, line.substr(result.size()))) return;
    run.log(LogLevel::info, std::string{line});
}

}  // namespace

Task<> run_command(Run& run) {
    auto const args = run.args<CommandArgs>();
    auto const& allowed = run.services.allowed;
    auto const program = allowed.commands.find(args.command);
    if (program == allowed.commands.end()) {
        throw final_failure("COMMAND_UNKNOWN", "There is no such command on this server.");
    }
    process::Command command;
    command.program = program->second;
    command.input = input_of(run.job, args);
    command.limits.cpu_seconds = allowed.command_cpu_s;
    command.limits.memory_bytes = allowed.command_memory_bytes;
    command.limits.wall_limit = std::chrono::hours{24};  // The attempt's time-out comes first.
    command.limits.output_bytes = 64ULL << 20U;
    process::Exit const exit = co_await process::run(
        std::move(command),
        [&run](std::string_view line) { take_line(run, line); },
        [&run](std::string_view line) { run.log(LogLevel::warning, std::string{line}); }
    );
    if (exit.succeeded()) co_return;
    bool const hopeless = exit.how == process::Exit::How::exited &&
                          (exit.number == bad_usage || exit.number == bad_data);
    throw Failed{
        Failure{"COMMAND_FAILED", "The command " + exit.describe() + ".", "failed", !hopeless, {}}
    };
}

}  // namespace showrunner::jobs
