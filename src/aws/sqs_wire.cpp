#include "aws/sqs_wire.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace showrunner::aws::sqs_wire {

namespace {

namespace bj = boost::json;

bj::object texts(Attributes const& attributes) {
    bj::object out;
    for (auto const& [name, value] : attributes) out[name] = value;
    return out;
}

bj::object message_attributes(Attributes const& attributes) {
    bj::object out;
    for (auto const& [name, value] : attributes) {
        bj::object each;
        each["DataType"] = "String";
        each["StringValue"] = value;
        out[name] = std::move(each);
    }
    return out;
}

/// A batch: `fill(entry, object)` adds what an entry has beside its id, which is its index.
template <typename Entries, typename Fill>
std::string batch(std::string_view queue_url, Entries const& entries, Fill fill) {
    bj::array array;
    for (auto const& entry : entries) {
        bj::object each;
        each["Id"] = std::to_string(array.size());
        fill(entry, each);
        array.emplace_back(std::move(each));
    }
    bj::object out;
    out["QueueUrl"] = queue_url;
    out["Entries"] = std::move(array);
    return bj::serialize(out);
}

std::uint64_t number_of(std::string_view text) {
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

/// An empty array when it is not there.
bj::array const& array_of(bj::object const& object, std::string_view name) {
    static bj::array const none;
    bj::value const* const found = object.if_contains(name);
    return found != nullptr && found->is_array() ? found->get_array() : none;
}

bj::object const& object_of(bj::object const& object, std::string_view name) {
    static bj::object const none;
    bj::value const* const found = object.if_contains(name);
    return found != nullptr && found->is_object() ? found->get_object() : none;
}

bj::object as_object(std::string_view text) {
    boost::system::error_code failed;
    bj::value value = bj::parse(text, failed);
    return !failed && value.is_object() ? std::move(value.get_object()) : bj::object{};
}

bool is_one_of(std::string_view name, std::span<std::string_view const> names) {
    return std::ranges::find(names, name) != names.end();
}

constexpr std::array<std::string_view, 8> throttled_types{
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "KmsThrottled",
    "RequestLimitExceeded",
};

constexpr std::array<std::string_view, 5> transient_tokens{
    "TIMEOUT", "CONNECT_FAILED", "NAME_UNRESOLVED", "CONNECTION_LOST", "CLIENT_BUSY"
};

Verdict refusal(client::Response const& response) {
    bj::object const said = as_object(response.body);
    std::string type = text_of(said, "__type");
    type.erase(0, type.find('#') + 1);
    if (response.status == 429 || is_one_of(type, throttled_types)) {
        return {Error{Code::unavailable, "SQS_THROTTLED", "SQS takes fewer calls"}, true};
    }
    if (response.status >= 500) {
        return {Error{Code::unavailable, "SQS_FAILED", "SQS has failed"}, true};
    }
    if (type == "QueueDoesNotExist" || type == "AWS.SimpleQueueService.NonExistentQueue") {
        return {Error{Code::not_found, "QUEUE_NOT_FOUND", "there is no such queue"}};
    }
    if (type == "QueueNameExists") {
        return {Error{Code::conflict, "QUEUE_EXISTS", "a queue of that name has other attributes"}};
    }
    if (response.status == 401 || response.status == 403) {
        return {Error{Code::internal, "SQS_DENIED", "SQS does not accept our credentials"}};
    }
    if (type.empty() || type.size() > 100) type = std::to_string(response.status);
    return {Error{Code::internal, "SQS_REFUSED", "SQS refused the call: " + type}};
}

}  // namespace

std::string create_queue(std::string_view name, Attributes const& attributes) {
    bj::object out;
    out["QueueName"] = name;
    if (!attributes.empty()) out["Attributes"] = texts(attributes);
    return bj::serialize(out);
}

std::string get_queue_url(std::string_view name) {
    bj::object out;
    out["QueueName"] = name;
    return bj::serialize(out);
}

std::string send_batch(std::string_view queue_url, std::span<OutgoingMessage const> messages) {
    return batch(queue_url, messages, [](OutgoingMessage const& message, bj::object& out) {
        out["MessageBody"] = message.body;
        if (message.delay) out["DelaySeconds"] = message.delay->count();
        if (!message.attributes.empty()) {
            out["MessageAttributes"] = message_attributes(message.attributes);
        }
    });
}

std::string receive(std::string_view queue_url, ReceiveOptions const& options) {
    bj::object out;
    out["QueueUrl"] = queue_url;
    out["MaxNumberOfMessages"] = options.max;
    out["WaitTimeSeconds"] = options.wait.count();
    out["VisibilityTimeout"] = options.visibility.count();
    // The older name of MessageSystemAttributeNames: every imitation of SQS knows it.
    out["AttributeNames"] = bj::array{"ApproximateReceiveCount"};
    out["MessageAttributeNames"] = bj::array{"All"};
    return bj::serialize(out);
}

std::string delete_batch(std::string_view queue_url, std::span<std::string const> receipt_handles) {
    return batch(queue_url, receipt_handles, [](std::string const& handle, bj::object& out) {
        out["ReceiptHandle"] = handle;
    });
}

std::string change_visibility_batch(
    std::string_view queue_url, std::span<VisibilityChange const> changes
) {
    return batch(queue_url, changes, [](VisibilityChange const& change, bj::object& out) {
        out["ReceiptHandle"] = change.receipt_handle;
        out["VisibilityTimeout"] = change.timeout.count();
    });
}

std::string depth(std::string_view queue_url) {
    bj::object out;
    out["QueueUrl"] = queue_url;
    out["AttributeNames"] = bj::array{
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed"
    };
    return bj::serialize(out);
}

std::string arn(std::string_view queue_url) {
    bj::object out;
    out["QueueUrl"] = queue_url;
    out["AttributeNames"] = bj::array{"QueueArn"};
    return bj::serialize(out);
}

Verdict judge(std::variant<client::Response, Error> const& result) {
    if (Error const* const failure = std::get_if<Error>(&result)) {
        return {*failure, is_one_of(failure->token, transient_tokens)};
    }
    auto const& response = std::get<client::Response>(result);
    if (response.status != 200) return refusal(response);
    // Some actions answer with nothing at all.
    if (response.body.empty()) return {bj::object{}};
    boost::system::error_code failed;
    bj::value value = bj::parse(response.body, failed);
    if (failed || !value.is_object()) {
        return {Error{Code::unavailable, "SQS_FAILED", "SQS's answer makes no sense"}, true};
    }
    return {std::move(value.get_object())};
}

std::string text_of(boost::json::object const& object, std::string_view name) {
    bj::value const* const found = object.if_contains(name);
    return found != nullptr && found->is_string() ? std::string{found->get_string()} : "";
}

std::vector<EntryResult> entries_of(boost::json::object const& answer, std::size_t count) {
    EntryResult unanswered;
    unanswered.failure = "Unanswered";
    std::vector<EntryResult> results(count, unanswered);
    auto const result_for = [&](bj::object const& entry) -> EntryResult* {
        std::string const id = text_of(entry, "Id");
        std::uint64_t const index = id.empty() ? count : number_of(id);
        return index < count ? &results[index] : nullptr;
    };
    for (bj::value const& each : array_of(answer, "Successful")) {
        EntryResult* const result = each.is_object() ? result_for(each.get_object()) : nullptr;
        if (result != nullptr)
            *result = {.message_id = text_of(each.get_object(), "MessageId"), .failure = {}};
    }
    for (bj::value const& each : array_of(answer, "Failed")) {
        EntryResult* const result = each.is_object() ? result_for(each.get_object()) : nullptr;
        if (result == nullptr) continue;
        bj::value const* const fault = each.get_object().if_contains("SenderFault");
        std::string code = text_of(each.get_object(), "Code");
        if (code.empty()) code = "Unnamed";
        result->failure = std::move(code);
        result->sender_fault = fault != nullptr && fault->is_bool() && fault->get_bool();
    }
    return results;
}

std::vector<ReceivedMessage> messages_of(boost::json::object const& answer) {
    std::vector<ReceivedMessage> messages;
    for (bj::value const& each : array_of(answer, "Messages")) {
        if (!each.is_object()) continue;
        bj::object const& from = each.get_object();
        ReceivedMessage& message = messages.emplace_back();
        message.message_id = text_of(from, "MessageId");
        message.receipt_handle = text_of(from, "ReceiptHandle");
        message.body = text_of(from, "Body");
        message.receive_count = static_cast<unsigned>(
            number_of(text_of(object_of(from, "Attributes"), "ApproximateReceiveCount"))
        );
        for (auto const& [name, value] : object_of(from, "MessageAttributes")) {
            if (!value.is_object()) continue;
            message.attributes[name] = text_of(value.get_object(), "StringValue");
        }
    }
    return messages;
}

QueueDepth depth_of(boost::json::object const& answer) {
    bj::object const& attributes = object_of(answer, "Attributes");
    auto const number = [&](std::string_view name) { return number_of(text_of(attributes, name)); };
    return {
        .visible = number("ApproximateNumberOfMessages"),
        .in_flight = number("ApproximateNumberOfMessagesNotVisible"),
        .delayed = number("ApproximateNumberOfMessagesDelayed"),
    };
}

std::string arn_of(bj::object const& answer) {
    return text_of(object_of(answer, "Attributes"), "QueueArn");
}

}  // namespace showrunner::aws::sqs_wire
