// Jobs that repeat. Each slot starts exactly one job, however many nodes there are.
#pragma once

#include "api/context.hpp"
#include "jobs/job.hpp"

#include <optional>
#include <string>
#include <vector>

namespace showrunner::jobs {

struct Schedule {
    std::string id;
    std::string name;
    std::string cron;
    std::string type;
    json::Raw args{"{}"};
    int priority = default_priority;
    bool paused = false;
    Time next_at;
    std::optional<Time> last_at;
    std::optional<std::string> last_job;
    std::optional<std::string> show_id;
    std::optional<std::string> created_by;
    Time created_at;
    int version = 1;
};
BOOST_DESCRIBE_STRUCT(
    Schedule,
    (),
    (id,
     name,
     cron,
     type,
     args,
     priority,
     paused,
     next_at,
     last_at,
     last_job,
     show_id,
     created_by,
     created_at,
     version)
)

inline constexpr std::array schedule_rules{
    json::Rule{.field = "name", .min = 1, .max = 100},
    json::Rule{
        .field = "cron",
        .min = 9,
        .max = 200,
        .about = "Minute, hour, day of the month, month, day of the week, in UTC: 0 6 * * mon-fri"
    },
    json::Rule{.field = "type", .min = 1, .max = 63},
    json::Rule{.field = "args", .max = 65'536},
    json::Rule{.field = "priority", .min = 0, .max = 9},
    json::Rule{.field = "show_id", .format = "uuid"},
};

struct CreateSchedule {
    static constexpr bool is_input = true;
    static constexpr auto rules = schedule_rules;
    std::string name;
    std::string cron;
    std::string type;
    json::Raw args{"{}"};
    std::optional<int> priority;
    std::optional<bool> paused;
    std::optional<std::string> show_id;
};
BOOST_DESCRIBE_STRUCT(CreateSchedule, (), (name, cron, type, args, priority, paused, show_id))

struct UpdateSchedule {
    static constexpr bool is_input = true;
    static constexpr auto rules = schedule_rules;
    std::optional<std::string> name;
    std::optional<std::string> cron;
    std::optional<json::Raw> args;
    std::optional<int> priority;
    std::optional<bool> paused;
};
BOOST_DESCRIBE_STRUCT(UpdateSchedule, (), (name, cron, args, priority, paused))

Task<std::vector<Schedule>> schedules(api::Context& context);
Task<Schedule> create_schedule(api::Context& context, CreateSchedule input);
Task<Schedule> update_schedule(
    api::Context& context, std::string id, UpdateSchedule input, std::optional<int> version
);
Task<> delete_schedule(api::Context& context, std::string id);

/// Starts the job of the schedule that is most overdue, and moves the schedule on, in one
/// transaction; false when none is due. Slots that were missed while nothing ran are one.
Task<bool> run_due_schedule(api::Services& services);

}  // namespace showrunner::jobs
