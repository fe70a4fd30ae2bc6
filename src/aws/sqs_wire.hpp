// SQS's JSON protocol as text: what calls look like, and what answers say.
#pragma once

#include "aws/sqs.hpp"
#include "client/message.hpp"

#include <boost/json/object.hpp>

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace showrunner::aws::sqs_wire {

[[nodiscard]] std::string create_queue(std::string_view name, Attributes const& attributes);
[[nodiscard]] std::string get_queue_url(std::string_view name);
[[nodiscard]] std::string send_batch(
    std::string_view queue_url, std::span<OutgoingMessage const> messages
);
[[nodiscard]] std::string receive(std::string_view queue_url, ReceiveOptions const& options);
[[nodiscard]] std::string delete_batch(
    std::string_view queue_url, std::span<std::string const> receipt_handles
);
[[nodiscard]] std::string change_visibility_batch(
    std::string_view queue_url, std::span<VisibilityChange const> changes
);
[[nodiscard]] std::string depth(std::string_view queue_url);
[[nodiscard]] std::string arn(std::string_view queue_url);

/// What an attempt came to.
struct Verdict {
    std::variant<boost::json::object, Error> answer;
    bool again = false;  ///< worth another attempt
};

[[nodiscard]] Verdict judge(std::variant<client::Response, Error> const& result);

/// Empty when it is not there, or no text.
[[nodiscard]] std::string text_of(boost::json::object const& object, std::string_view name);

/// Of a batch with `count` entries; one that the answer leaves out has failed.
[[nodiscard]] std::vector<EntryResult> entries_of(
    boost::json::object const& answer, std::size_t count
);
[[nodiscard]] std::vector<ReceivedMessage> messages_of(boost::json::object const& answer);
[[nodiscard]] QueueDepth depth_of(boost::json::object const& answer);
[[nodiscard]] std::string arn_of(boost::json::object const& answer);

}  // namespace showrunner::aws::sqs_wire
