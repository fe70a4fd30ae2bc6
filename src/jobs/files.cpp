#include "jobs/files.hpp"

#include "base/text.hpp"
#include "db/described.hpp"
#include "jobs/list.hpp"

#include <array>

namespace showrunner::jobs {

namespace {

using db::Lane;
using db::Query;

Query const insert_file{
    "insert_job_file",
    "INSERT INTO job_files (id, role, name, media_type) VALUES ($1, $2, $3, $4)",
    Lane::change
};
Query const insert_piece{
    "insert_job_file_piece",
    "INSERT INTO job_file_pieces (file_id, position, content) VALUES ($1, $2, $3::bytea)",
    Lane::change
};
Query const close_file{
    "close_job_file",
    "UPDATE job_files SET complete = true, bytes = $2, job_id = $3 WHERE id = $1",
    Lane::change
};
Query const read_piece{
    "read_job_file_piece",
    "SELECT content FROM job_file_pieces WHERE file_id = $1 AND position = $2",
    Lane::scan
};
Query const find_one{
    "find_job_file",
    "SELECT id, role, name, media_type, bytes FROM job_files WHERE id = $1 AND job_id = $2 AND "
    "complete",
    Lane::read
};
Query const list_files{
    "list_job_files",
    "SELECT id, role, name, media_type, bytes FROM job_files WHERE job_id = $1 AND complete "
    "ORDER BY created_at, id LIMIT 100",
    Lane::read
};

constexpr std::string_view hex_digits = "0123456789abcdef";

/// bytea in PostgreSQL's text format.
std::string to_hex(std::string_view bytes) {
    std::string text = "\\x";
    text.reserve(2 + bytes.size() * 2);
    for (char const c : bytes) {
        auto const byte = static_cast<unsigned char>(c);
        text += hex_digits[byte >> 4U];
        text += hex_digits[byte & 15U];
    }
    return text;
}

std::string from_hex(std::string_view text) {
    auto const digit = [](char c) {
        return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
    };
    std::string bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t at = 2; at + 1 < text.size(); at += 2) {
        bytes += static_cast<char>(digit(text[at]) << 4U | digit(text[at + 1]));
    }
    return bytes;
}

}  // namespace

FileWriter::FileWriter(db::Pool& pool, FileRole role, std::string name, std::string media_type)
    : pool_{pool} {
    file_.id = new_id();
    file_.role = json::name_of(role);
    file_.name = valid_utf8(name, 255);
    file_.media_type = std::move(media_type);
}

Task<> FileWriter::write(std::string_view bytes) {
    file_.bytes += static_cast<std::int64_t>(bytes.size());
    if (file_.bytes > file_bytes_max) {
        throw Error{Code::too_large, "FILE_TOO_LARGE", "The file of a job may have 2 GiB."};
    }
    buffer_ += bytes;
    while (buffer_.size() >= piece_bytes) co_await flush();
}

Task<> FileWriter::flush() {
    if (!created_) {
        db::Params params{file_.id, file_.role, file_.name, file_.media_type};
        co_await pool_.run(insert_file, std::move(params));
        created_ = true;
    }
    if (buffer_.empty()) co_return;
    std::string const piece = to_hex(std::string_view{buffer_}.substr(0, piece_bytes));
    buffer_.erase(0, piece_bytes);
    co_await pool_.run(insert_piece, db::Params{file_.id, position_, piece});
    ++position_;
}

Task<JobFile> FileWriter::close(std::string job_id) {
    co_await flush();
    co_await pool_.run(close_file, db::Params{file_.id, file_.bytes, job_id});
    co_return file_;
}

Task<bool> FileReader::read(std::string& chunk) {
    db::Rows const rows = co_await pool_.run(read_piece, db::Params{id_, position_});
    if (rows.empty()) co_return false;
    chunk = from_hex(rows.front().text(0));
    ++position_;
    co_return true;
}

Task<std::optional<JobFile>> find_file(db::Pool& pool, std::string job_id, std::string file_id) {
    if (!is_id(file_id)) co_return std::nullopt;
    db::Rows const rows = co_await pool.run(find_one, db::Params{file_id, job_id});
    if (rows.empty()) co_return std::nullopt;
    co_return db::read<JobFile>(rows.front());
}

Task<std::vector<JobFile>> files_of(api::Context& context, std::string job_id) {
    co_await get(context, job_id);
    db::Rows const rows = co_await context.read(list_files, db::Params{job_id});
    std::vector<JobFile> all;
    for (db::Row const row : rows) all.push_back(db::read<JobFile>(row));
    co_return all;
}

std::string attachment(std::string_view name) {
    std::string plain;
    std::string encoded;
    for (char const c : name) {
        auto const byte = static_cast<unsigned char>(c);
        bool const safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
        plain += safe || c == ' ' ? c : '_';
        if (safe) {
            encoded += c;
        } else {
            encoded += fmt::format("%{:02X}", byte);
        }
    }
    return fmt::format(R"(attachment; filename="{}"; filename*=UTF-8''{})", plain, encoded);
}

}  // namespace showrunner::jobs
