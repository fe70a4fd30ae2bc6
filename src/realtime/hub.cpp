#include "realtime/hub.hpp"

#include "auth/events.hpp"
#include "base/log.hpp"
#include "realtime/events.hpp"
#include "realtime/subscriptions.hpp"
#include "shows/shows.hpp"

namespace showrunner::realtime {

namespace {

constexpr metrics::Spec resumes_total{
    "showrunner_realtime_resumes_total",
    metrics::Kind::counter,
    "Clients that came back, by whether they got all they had missed.",
    "outcome"
};
constexpr metrics::Spec replayed_total{
    "showrunner_realtime_replayed_events_total",
    metrics::Kind::counter,
    "Events sent to clients that came back."
};
constexpr metrics::Spec refused_total{
    "showrunner_realtime_refused_total",
    metrics::Kind::counter,
    "Connections refused for want of a valid token."
};
constexpr metrics::Spec sockets_gauge{
    "showrunner_realtime_sockets", metrics::Kind::gauge, "Sockets in a namespace.", "namespace"
};

std::string text_member(boost::json::object const& object, std::string_view name) {
    boost::json::value const* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string{value->get_string()}
                                                  : std::string{};
}

}  // namespace

std::vector<std::string> rooms_of(events::StoredEvent const& event, events::Spec const& spec) {
    switch (spec.audience) {
        case events::Audience::admins:
            return {role_room(auth::Role::admin)};
        case events::Audience::user:
            return event.resource_id ? std::vector{user_room(*event.resource_id)}
                                     : std::vector<std::string>{};
        case events::Audience::show:
            break;
    }
    std::vector<std::string> rooms;
    rooms.push_back(event.show_id ? show_room(*event.show_id) : role_room(auth::Role::admin));
    if (event.resource_id) rooms.push_back(record_room(event.resource_type, *event.resource_id));
    return rooms;
}

Hub::Hub(
    asio::any_io_executor executor,
    socketio::Server& server,
    std::vector<api::SnapshotSource> snapshots,
    std::size_t connections_per_user,
    metrics::Registry& registry
)
    : executor_{executor},
      server_{server},
      snapshots_{std::move(snapshots)},
      connections_per_user_{connections_per_user},
      resumed_{registry.counter(resumes_total, "complete")},
      not_resumed_{registry.counter(resumes_total, "refetch")},
      replayed_{registry.counter(replayed_total)},
      refused_{registry.counter(refused_total)} {
    // A plain `io()` joins "/": the same thing.
    for (char const* name : {"/real-time", "/"}) {
        socketio::Namespace& nsp = server_.add(name, *this);
        namespaces_.push_back(&nsp);
        registry.read_at_scrape(
            sockets_gauge, [&nsp] { return static_cast<double>(nsp.count()); }, name
        );
    }
}

Task<> Hub::start(api::Services& services, events::Offset position) {
    services_ = &services;
    recent_.start(position);
    show_ids_ = co_await shows::list_ids(services.db);
}

std::vector<std::shared_ptr<socketio::Socket>> Hub::sockets() const {
    std::vector<std::shared_ptr<socketio::Socket>> all;
    for (socketio::Namespace* nsp : namespaces_) {
        auto const some = nsp->sockets();
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

// ---------------------------------------------------------------- coming in

Task<auth::Principal> Hub::authenticate(boost::json::object const& auth) const {
    std::string const token = text_member(auth, "token");
    co_return co_await services_->accounts.authenticate(token);
}

Task<socketio::Admission> Hub::connect(
    std::shared_ptr<socketio::Socket> socket, socketio::ConnectRequest request
) {
    auto seat = std::make_shared<Seat>();
    std::optional<Error> refused;
    try {
        seat->principal = co_await authenticate(request.auth);
        std::size_t const open = socket->nsp().count_in(user_room(seat->principal.user_id));
        if (connections_per_user_ > 0 && open >= connections_per_user_) {
            throw Error{Code::too_many, "TOO_MANY_CONNECTIONS", "You have too many connections."};
        }
    } catch (Error const& error) {
        if (error.code == Code::unavailable) throw;  // Not a refusal: the client may come back.
        refused = error;
    }
    if (refused) {
        refused_.add();
        std::string const data = fmt::format(
            R"({{"code":{},"detail":{}}})",
            json::to_text(refused->token),
            json::to_text(std::string_view{refused->what()})
        );
        co_return socketio::Admission::refuse(refused->token, data);
    }
    boost::json::value const* feed = request.auth.if_contains("feed");
    seat->feed = feed == nullptr || !feed->is_bool() || feed->get_bool();
    seat->joined_at = recent_.position();
    socket->data = seat;
    join_rooms(*socket);

    socketio::Admission admission;
    bool resumed = false;
    if (request.resume) {
        resumed = co_await resume(socket, std::move(*request.resume), admission);
        (resumed ? resumed_ : not_resumed_).add();
    }
    if (!resumed) {
        admission = {};
        admission.sid = random_token(15);
        admission.replayed_through = 0;
        admission.pid = seal(
            services_->accounts.signer(),
            {admission.sid, seat->principal.user_id, seat->joined_at, services_->clock.now()}
        );
    }
    co_return admission;
}

void Hub::join_rooms(socketio::Socket& socket) {
    Seat const& seat = *seat_of(socket);
    socket.join(user_room(seat.principal.user_id));
    socket.join(role_room(seat.principal.role));
    socket.join(everyone_room);
    if (!seat.feed) return;
    for (std::string const& id : show_ids_) {
        if (auth::allows(seat.principal, auth::Action::read, id)) socket.join(show_room(id));
    }
}

Task<bool> Hub::resume(
    std::shared_ptr<socketio::Socket> socket,
    socketio::ResumeRequest request,
    socketio::Admission& admission
) {
    Seat& seat = *seat_of(*socket);
    auto const pass = open(services_->accounts.signer(), request.pid);
    bool const ours = pass && pass->user_id == seat.principal.user_id &&
                      services_->clock.now() - pass->issued_at < resume_within;
    if (!ours) co_return false;
    // A client that received nothing yet has no offset: it goes on from where it connected.
    auto const offset = request.offset.empty() ? std::optional{pass->joined_at}
                                               : events::parse_offset(request.offset);
    if (!offset || *offset > recent_.position()) co_return false;
    // The old connection may not have noticed that it is dead: it ends here.
    if (auto const old = socket->nsp().find(pass->sid)) old->close_connection();
    auto const rooms = co_await load_subscriptions(services_->db, pass->sid);
    for (std::string const& room : rooms) socket->join(room);
    seat.joined_at = pass->joined_at;
    admission.sid = pass->sid;
    admission.pid = request.pid;
    bool const complete = co_await replay(*socket, *offset, admission);
    if (complete) co_return true;
    // It starts anew, under another id: what that id subscribes to is what it hears.
    for (std::string const& room : rooms) socket->leave(room);
    co_return false;
}

Task<bool> Hub::replay(
    socketio::Socket& socket, events::Offset after, socketio::Admission& admission
) {
    // What is published from here on is held for the socket, which is in its rooms already; the
    // replay covers what was published before.
    events::Offset const through = recent_.position();
    admission.replayed_through = recent_.sequence();
    std::vector<events::EventPtr> missed;
    if (auto kept = recent_.after(after)) {
        missed = std::move(*kept);
    } else {
        bool const complete = co_await read_missed(after, through, missed);
        if (!complete) co_return false;
    }
    std::size_t bytes = 0;
    for (events::EventPtr const& event : missed) {
        events::EventInfo const* info = services_->catalogue.find(event->type);
        if (info == nullptr) continue;
        bool wanted = false;
        std::string name = event->type;
        std::string payload = event->payload;
        if (event->type == MessageSent::spec.name) {
            boost::json::value const message = json::parse_value(event->payload);
            wanted = socket.is_in(text_member(message.as_object(), "room"));
            name = text_member(message.as_object(), "event");
            payload = boost::json::serialize(message.at("message"));
        } else {
            for (std::string const& room : rooms_of(*event, *info->spec)) {
                wanted = wanted || socket.is_in(room);
            }
        }
        if (!wanted) continue;
        bytes += payload.size();
        if (admission.replay.size() == replay_events_max || bytes > replay_bytes_max)
            co_return false;
        std::string const offset = events::to_text(event->offset);
        admission.replay.push_back(socketio::encode_event(
            socket.nsp().name(), {.name = name, .arguments = payload, .offset = offset}
        ));
    }
    replayed_.add(admission.replay.size());
    co_return true;
}

Task<bool> Hub::read_missed(
    events::Offset after, events::Offset through, std::vector<events::EventPtr>& missed
) {
    constexpr int batch = 1000;
    for (int scanned = 0; scanned < replay_scan_max; scanned += batch) {
        auto const events = co_await events::read_after(services_->db, after, batch);
        for (events::EventPtr const& event : events) {
            if (event->offset > through) co_return true;
            missed.push_back(event);
        }
        if (events.size() < static_cast<std::size_t>(batch)) co_return true;
        after = events.back()->offset;
    }
    co_return false;
}

void Hub::connected(socketio::Socket& socket) {
    let_expire(socket.shared_from_this());
}

void Hub::disconnected(socketio::Socket& socket, socketio::Disconnection how) {
    if (how.may_resume || seat_of(socket) == nullptr) return;
    spawn(executor_, "forget_subscriptions", forget_subscriptions(services_->db, socket.id()));
}

void Hub::let_expire(std::shared_ptr<socketio::Socket> const& socket) {
    expiries_.emplace(seat_of(*socket)->principal.expires_at, socket);
}

Task<> Hub::expire() {
    for (;;) {
        Time const now = services_->clock.now();
        while (!expiries_.empty() && expiries_.begin()->first <= now) {
            auto const socket = expiries_.begin()->second.lock();
            expiries_.erase(expiries_.begin());
            // At engine level: the client comes back by itself and asks for a fresh token.
            if (socket && socket->is_connected()) socket->close_connection();
        }
        co_await sleep_for(std::chrono::milliseconds{500});
    }
}

// ---------------------------------------------------------------- going out

void Hub::publish(std::vector<events::EventPtr> const& events) {
    for (events::EventPtr const& event : events) {
        recent_.add(event);
        apply(*event);
        if (event->type == MessageSent::spec.name) {
            send_message(*event, recent_.sequence());
        } else {
            send_event(*event, recent_.sequence());
        }
    }
}

void Hub::send_event(events::StoredEvent const& event, std::uint64_t sequence) {
    events::EventInfo const* const info = services_->catalogue.find(event.type);
    if (info == nullptr) return;
    std::vector<std::string> const rooms = rooms_of(event, *info->spec);
    std::string const offset = events::to_text(event.offset);
    for (socketio::Namespace* nsp : namespaces_) {
        if (rooms.empty() || nsp->count() == 0) continue;
        auto const message = socketio::encode_event(
            nsp->name(), {.name = event.type, .arguments = event.payload, .offset = offset}
        );
        nsp->broadcast(rooms, message, {.sequence = sequence});
    }
}

void Hub::send_message(events::StoredEvent const& event, std::uint64_t sequence) {
    boost::json::value const payload = json::parse_value(event.payload);
    std::string const room = text_member(payload.as_object(), "room");
    std::string const name = text_member(payload.as_object(), "event");
    std::string const message = boost::json::serialize(payload.at("message"));
    std::string const offset = events::to_text(event.offset);
    for (socketio::Namespace* nsp : namespaces_) {
        auto const packet = socketio::encode_event(
            nsp->name(), {.name = name, .arguments = message, .offset = offset}
        );
        nsp->broadcast(room, packet, {.sequence = sequence});
    }
}

void Hub::send_to_user(std::string_view user_id, std::string_view name, std::string_view payload) {
    send_to({user_room(user_id)}, name, payload);
}

void Hub::send_to_record(
    std::optional<std::string_view> show_id,
    std::string_view resource_type,
    std::string_view resource_id,
    std::string_view name,
    std::string_view payload
) {
    std::string show = show_id ? show_room(*show_id) : role_room(auth::Role::admin);
    send_to({std::move(show), record_room(resource_type, resource_id)}, name, payload);
}

void Hub::send_to(
    std::vector<std::string> const& rooms, std::string_view name, std::string_view payload
) {
    for (socketio::Namespace* nsp : namespaces_) {
        bool const heard = std::any_of(rooms.begin(), rooms.end(), [&](std::string const& room) {
            return nsp->count_in(room) > 0;
        });
        if (!heard) continue;
        auto const message =
            socketio::encode_event(nsp->name(), {.name = name, .arguments = payload});
        nsp->broadcast(rooms, message, {.is_volatile = true});
    }
}

// ---------------------------------------------------------------- staying true

void Hub::apply(events::StoredEvent const& event) {
    if (event.type == "show_created" && event.show_id) {
        // A show that is new to everybody: who may see it hears of it from its first event on.
        show_ids_.push_back(*event.show_id);
        for (auto const& socket : sockets()) {
            Seat const* seat = seat_of(*socket);
            bool const sees = seat != nullptr && seat->feed &&
                              auth::allows(seat->principal, auth::Action::read, event.show_id);
            if (sees) socket->join(show_room(*event.show_id));
        }
    } else if (event.type == auth::SessionEnded::spec.name) {
        std::string const session =
            text_member(json::parse_value(event.payload).as_object(), "sessionId");
        for (auto const& socket : sockets()) {
            Seat const* seat = seat_of(*socket);
            if (seat != nullptr && seat->principal.session_id == session)
                socket->close_connection();
        }
    } else if (event.type == auth::UserUpdated::spec.name && event.resource_id) {
        spawn(executor_, "reseat_sockets", reseat_sockets(*event.resource_id));
    }
}

Task<> Hub::reseat_sockets(std::string user_id) {
    auto const user = co_await auth::find_user(services_->db, user_id);
    for (socketio::Namespace* nsp : namespaces_) {
        for (auto const& socket : nsp->sockets_in(user_room(user_id))) {
            Seat* seat = seat_of(*socket);
            if (seat == nullptr) continue;
            if (!user || !user->active) {
                socket->close_connection();
                continue;
            }
            socket->leave(role_room(seat->principal.role));
            seat->principal.role = user->role;
            seat->principal.name = user->name;
            socket->join(role_room(user->role));
        }
    }
}

// ---------------------------------------------------------------- what clients ask for

void Hub::received(socketio::Socket& socket, socketio::Event event) {
    spawn(executor_, "socket_event", handle(socket.shared_from_this(), std::move(event)));
}

Task<> Hub::handle(std::shared_ptr<socketio::Socket> socket, socketio::Event event) {
    std::string reply;
    std::optional<Error> refused;
    try {
        reply = co_await answer(socket, event.name, event.arguments);
    } catch (Error const& error) {
        refused = error;
    }
    if (refused) {
        reply = fmt::format(
            R"({{"ok":false,"code":{},"detail":{}}})",
            json::to_text(refused->token),
            json::to_text(std::string_view{refused->what()})
        );
    }
    event.acknowledge(reply);
}

Task<std::string> Hub::answer(
    std::shared_ptr<socketio::Socket> socket, std::string name, boost::json::array arguments
) {
    bool const joins = name == "subscribe";
    if (!joins && name != "unsubscribe") {
        throw Error{Code::malformed, "UNKNOWN_EVENT", "The server does not know this event."};
    }
    if (arguments.empty() || !arguments.front().is_object()) {
        throw Error{Code::malformed, "The event takes an object {resourceType, resourceId}."};
    }
    boost::json::object const& input = arguments.front().get_object();
    std::string const type = text_member(input, "resourceType");
    std::string const id = text_member(input, "resourceId");
    if (!is_id(id)) throw invalid_field("resourceId", "FORMAT", "must be a UUID");
    if (joins) co_return co_await subscribe(socket, type, id);
    std::string const room = record_room(type, id);
    socket->leave(room);
    co_await remove_subscription(services_->db, socket->id(), room);
    co_return R"({"ok":true})";
}

Task<std::string> Hub::subscribe(
    std::shared_ptr<socketio::Socket> socket, std::string type, std::string id
) {
    auto const source =
        std::find_if(snapshots_.begin(), snapshots_.end(), [&](api::SnapshotSource const& each) {
            return each.resource_type == type;
        });
    if (source == snapshots_.end()) {
        throw Error{
            Code::invalid, "RESOURCE_TYPE", "There are no records of this type to subscribe to."
        };
    }
    http::Request request;
    api::Context context{*services_, request};
    context.principal = seat_of(*socket)->principal;
    // In the room before the record is read: what happens in between arrives as an event, and the
    // record's version tells the client whether it knew.
    std::string const room = record_room(type, id);
    bool const was_in = socket->is_in(room);
    if (!socket->join(room)) {
        throw Error{
            Code::too_many, "TOO_MANY_ROOMS", "This connection has subscribed to too many records."
        };
    }
    std::string const offset = events::to_text(recent_.position());
    auto const record = co_await source->read(context, id);
    if (!record) {
        if (!was_in) socket->leave(room);
        throw Error{Code::not_found, "There is no such record."};
    }
    co_await add_subscription(services_->db, socket->id(), room);
    co_return fmt::format(R"({{"ok":true,"offset":"{}","record":{}}})", offset, *record);
}

}  // namespace showrunner::realtime
