// Files that jobs take and make, kept in pieces in PostgreSQL: whichever node runs the job, and
// whichever serves the file. Written and read as a stream; memory is bounded by the piece.
#pragma once

#include "api/context.hpp"
#include "db/pool.hpp"
#include "http/message.hpp"
#include "jobs/job.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace showrunner::jobs {

inline constexpr std::size_t piece_bytes = std::size_t{256} * 1024;
inline constexpr std::int64_t file_bytes_max = std::int64_t{2} << 30;

enum class FileRole : std::uint8_t { input, output };
BOOST_DESCRIBE_ENUM(FileRole, input, output)

class FileWriter {
public:
    /// `name` is shown and offered when the file is downloaded.
    FileWriter(db::Pool& pool, FileRole role, std::string name, std::string media_type);

    /// Throws Error{Code::too_large}.
    Task<> write(std::string_view bytes);

    /// The file is whole: it belongs to the job (which may be about to be made) and can be read.
    Task<JobFile> close(std::string job_id);

private:
    Task<> flush();

    db::Pool& pool_;
    JobFile file_;
    std::string buffer_;
    int position_ = 0;
    bool created_ = false;
};

/// Reads as the body of a request is read, and as a response's is sent.
class FileReader final : public http::BodyReader, public http::BodySource {
public:
    FileReader(db::Pool& pool, std::string file_id) : pool_{pool}, id_{std::move(file_id)} {}

    Task<bool> read(std::string& chunk) override;

private:
    db::Pool& pool_;
    std::string id_;
    int position_ = 0;
};

/// Nothing when the job has none of this id that is whole.
Task<std::optional<JobFile>> find_file(db::Pool& pool, std::string job_id, std::string file_id);

/// Of a job that the user may see, oldest first.
Task<std::vector<JobFile>> files_of(api::Context& context, std::string job_id);

/// `attachment; filename="…"; filename*=UTF-8''…`
[[nodiscard]] std::string attachment(std::string_view name);

}  // namespace showrunner::jobs
