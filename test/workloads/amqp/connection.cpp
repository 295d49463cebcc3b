#include "test/workloads/amqp/connection.h"

#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>

namespace orders::amqp {
namespace {

using migrate::failure;
using migrate::Lookup;
using migrate::Result;

// Channels with one use each: rabbitmq-c hands over frames in order of arrival, so an answer that is waited for on one
// channel must not stand behind deliveries of another purpose.
constexpr amqp_channel_t kTopology = 1;
constexpr amqp_channel_t kControl = 2;
constexpr amqp_channel_t kPublish = 3;
constexpr amqp_channel_t kFirstConsume = 4;

amqp_bytes_t bytes(const std::string& text) {
  return {text.size(), const_cast<char*>(text.data())};
}
std::string text(amqp_bytes_t bytes) {
  return {static_cast<const char*>(bytes.bytes), bytes.len};
}

timeval timeval_of(Connection::Timeout timeout) {
  const auto count = std::max<std::int64_t>(timeout.count(), 0);
  return {count / 1000, (count % 1000) * 1000};
}

std::string describe(const amqp_method_t& method) {
  if (method.id == AMQP_CONNECTION_CLOSE_METHOD)
    return "the broker closed the connection: " +
           text(static_cast<amqp_connection_close_t*>(method.decoded)->reply_text);
  if (method.id == AMQP_CHANNEL_CLOSE_METHOD)
    return "the broker closed the channel: " + text(static_cast<amqp_channel_close_t*>(method.decoded)->reply_text);
  if (method.id == AMQP_BASIC_CANCEL_METHOD) return "the broker cancelled the consumer: its queue is gone";
  return fmt::format("the broker sent {}, which nobody waited for", amqp_method_name(method.id));
}

std::string describe(const amqp_rpc_reply_t& reply) {
  if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) return amqp_error_string2(reply.library_error);
  if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION) return describe(reply.reply);
  return "no answer";
}

Result<void> outcome(const amqp_rpc_reply_t& reply, const std::string& attempt) {
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) return {};
  return failure(attempt + ": " + describe(reply));
}

// The broker is short of memory or disk and reads no publishes for now: not an error, only a wait.
bool is_flow_notice(const amqp_frame_t& frame) {
  return frame.frame_type == AMQP_FRAME_METHOD && (frame.payload.method.id == AMQP_CONNECTION_BLOCKED_METHOD ||
                                                   frame.payload.method.id == AMQP_CONNECTION_UNBLOCKED_METHOD);
}

bool says_no_such_queue(const amqp_rpc_reply_t& reply) {
  if (reply.reply_type != AMQP_RESPONSE_SERVER_EXCEPTION || reply.reply.id != AMQP_CHANNEL_CLOSE_METHOD) return false;
  const auto* close = static_cast<amqp_channel_close_t*>(reply.reply.decoded);
  return amqp::says_no_such_queue(close->reply_code, text(close->reply_text));
}

Message message_of(const amqp_message_t& message, std::uint64_t tag) {
  Message taken{{}, text(message.body), tag};
  if ((message.properties._flags & AMQP_BASIC_MESSAGE_ID_FLAG) != 0) taken.id = text(message.properties.message_id);
  return taken;
}

}  // namespace

bool says_no_such_queue(std::uint16_t reply_code, std::string_view reply_text) {
  return reply_code == AMQP_NOT_FOUND && reply_text.find("no queue ") != std::string_view::npos;
}

struct Connection::Impl {
  amqp_connection_state_t state = amqp_new_connection();
  amqp_channel_t consume_channel = kFirstConsume - 1;
  bool consuming = false;
  std::string consumer_tag;

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  // Without the closing handshake: it would wait for a broker that may be gone. The broker takes the closed socket.
  ~Impl() { amqp_destroy_connection(state); }

  Result<void> last(const std::string& attempt) { return outcome(amqp_get_rpc_reply(state), attempt); }

  // rabbitmq-c sends with no deadline of its own: a peer that is gone without a word, or reads nothing, would hold a
  // publish or an acknowledgement for a quarter of an hour.
  void bound_sends(Timeout timeout) {
    const auto milliseconds = static_cast<unsigned>(timeout.count());
    ::setsockopt(amqp_get_sockfd(state), IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof(milliseconds));
  }

  // rabbitmq-c puts a frame it did not expect back and says only "unexpected state": what it was is read here.
  std::string surprise() {
    amqp_frame_t frame{};
    const timeval now{};
    if (amqp_simple_wait_frame_noblock(state, &frame, &now) != AMQP_STATUS_OK) return "unexpected frame";
    return frame.frame_type == AMQP_FRAME_METHOD ? describe(frame.payload.method) : "unexpected frame";
  }
};

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::~Connection() = default;

Result<std::unique_ptr<Connection>> Connection::open(const std::string& url, Timeout timeout) {
  std::string parsed = url;  // amqp_parse_url writes into it
  amqp_connection_info info{};
  if (amqp_parse_url(parsed.data(), &info) != AMQP_STATUS_OK || info.ssl != 0)
    return failure("connect to the broker: the URL is not of the form amqp://user:password@host:port/vhost");

  // The URI specification reads "…/" as the vhost of no name; everybody who writes it means the default one.
  const char* const vhost = std::strlen(info.vhost) == 0 ? "/" : info.vhost;
  const std::string attempt = fmt::format("connect to the broker at {}:{}", info.host, info.port);
  auto impl = std::make_unique<Impl>();
  amqp_socket_t* socket = amqp_tcp_socket_new(impl->state);
  const timeval limit = timeval_of(timeout);
  amqp_set_handshake_timeout(impl->state, &limit);
  amqp_set_rpc_timeout(impl->state, &limit);
  if (const int status = amqp_socket_open_noblock(socket, info.host, info.port, &limit); status != AMQP_STATUS_OK)
    return failure(attempt + ": " + amqp_error_string2(status));
  impl->bound_sends(timeout);
  constexpr int heartbeat_seconds = 5;
  // Without this capability the broker keeps silent when a consumed queue is deleted.
  amqp_table_entry_t notify{amqp_cstring_bytes("consumer_cancel_notify"), {}};
  notify.value.kind = AMQP_FIELD_KIND_BOOLEAN;
  notify.value.value.boolean = 1;
  amqp_table_entry_t capabilities{amqp_cstring_bytes("capabilities"), {}};
  capabilities.value.kind = AMQP_FIELD_KIND_TABLE;
  capabilities.value.value.table = {1, &notify};
  const amqp_table_t properties{1, &capabilities};
  auto done = outcome(
      amqp_login_with_properties(impl->state, vhost, AMQP_DEFAULT_MAX_CHANNELS, AMQP_DEFAULT_FRAME_SIZE,
                                 heartbeat_seconds, &properties, AMQP_SASL_METHOD_PLAIN, info.user, info.password),
      attempt);
  for (const amqp_channel_t channel : {kTopology, kControl, kPublish}) {
    if (!done) return tl::make_unexpected(done.error());
    amqp_channel_open(impl->state, channel);
    done = impl->last(attempt + ": open a channel");
  }
  if (!done) return tl::make_unexpected(done.error());
  return std::unique_ptr<Connection>(new Connection(std::move(impl)));
}

Result<void> Connection::declare_exchange(const std::string& name, const std::string& type) {
  amqp_exchange_declare(impl_->state, kTopology, bytes(name), bytes(type), 0, 1, 0, 0, amqp_empty_table);
  return impl_->last("declare the exchange " + name);
}

Result<void> Connection::declare_queue(const std::string& name, const std::string& queue_type) {
  const std::string key = "x-queue-type";
  amqp_table_entry_t entry{bytes(key), {}};
  entry.value.kind = AMQP_FIELD_KIND_UTF8;
  entry.value.value.bytes = bytes(queue_type);
  amqp_queue_declare(impl_->state, kTopology, bytes(name), 0, 1, 0, 0, {1, &entry});
  return impl_->last("declare the queue " + name);
}

Result<void> Connection::bind_queue(const std::string& queue, const std::string& exchange, const std::string& key) {
  amqp_queue_bind(impl_->state, kTopology, bytes(queue), bytes(exchange), bytes(key), amqp_empty_table);
  return impl_->last(fmt::format("bind the queue {} to the exchange {}", queue, exchange));
}

Lookup<Message> Connection::take(const std::string& queue) {
  const std::string attempt = "look into the queue " + queue;
  const amqp_rpc_reply_t reply = amqp_basic_get(impl_->state, kControl, bytes(queue), /*no_ack=*/0);
  if (auto done = outcome(reply, attempt); !done) return tl::make_unexpected(done.error());
  if (reply.reply.id == AMQP_BASIC_GET_EMPTY_METHOD) return std::nullopt;
  const std::uint64_t tag = static_cast<amqp_basic_get_ok_t*>(reply.reply.decoded)->delivery_tag;
  amqp_message_t message{};
  if (auto done = outcome(amqp_read_message(impl_->state, kControl, &message, 0), attempt); !done)
    return tl::make_unexpected(done.error());
  Message taken = message_of(message, tag);
  amqp_destroy_message(&message);
  if (const int status = amqp_basic_ack(impl_->state, kControl, tag, 0); status != AMQP_STATUS_OK)
    return failure(attempt + ": acknowledge: " + amqp_error_string2(status));
  return taken;
}

Result<Consuming> Connection::consume(const std::string& queue, std::uint16_t prefetch) {
  if (impl_->consuming) {
    if (auto done =
            outcome(amqp_channel_close(impl_->state, impl_->consume_channel, AMQP_REPLY_SUCCESS), "close a channel");
        !done)
      return tl::make_unexpected(done.error());
    impl_->consuming = false;
  }
  // A new number each time: deliveries of the closed channel may still stand in the library's own queue.
  const amqp_channel_t channel = ++impl_->consume_channel;
  amqp_channel_open(impl_->state, channel);
  if (auto done = impl_->last("open a channel"); !done) return tl::make_unexpected(done.error());
  impl_->consuming = true;
  amqp_basic_qos(impl_->state, channel, 0, prefetch, 0);
  if (auto done = impl_->last("set the prefetch"); !done) return tl::make_unexpected(done.error());
  const auto* ok = amqp_basic_consume(impl_->state, channel, bytes(queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
  const amqp_rpc_reply_t reply = amqp_get_rpc_reply(impl_->state);
  if (says_no_such_queue(reply)) return Consuming::no_such_queue;
  if (auto done = outcome(reply, "consume the queue " + queue); !done) return tl::make_unexpected(done.error());
  impl_->consumer_tag = text(ok->consumer_tag);
  return Consuming::started;
}

Result<void> Connection::cancel() {
  amqp_basic_cancel(impl_->state, impl_->consume_channel, bytes(impl_->consumer_tag));
  return impl_->last("cancel the consumer");
}

Lookup<Message> Connection::receive(Timeout timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const auto left = std::chrono::ceil<Timeout>(deadline - std::chrono::steady_clock::now());
    const timeval limit = timeval_of(left);
    amqp_maybe_release_buffers(impl_->state);
    amqp_envelope_t envelope{};
    const amqp_rpc_reply_t reply = amqp_consume_message(impl_->state, &envelope, &limit, 0);
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION && reply.library_error == AMQP_STATUS_TIMEOUT)
      return std::nullopt;
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION && reply.library_error == AMQP_STATUS_UNEXPECTED_STATE)
      return failure("receive: " + impl_->surprise());
    if (auto done = outcome(reply, "receive"); !done) return tl::make_unexpected(done.error());
    Message message = message_of(envelope.message, envelope.delivery_tag);
    const bool current = envelope.channel == impl_->consume_channel;
    amqp_destroy_envelope(&envelope);
    if (current) return message;
  }
}

Result<void> Connection::acknowledge(std::uint64_t delivery_tag) {
  const int status = amqp_basic_ack(impl_->state, impl_->consume_channel, delivery_tag, 0);
  if (status != AMQP_STATUS_OK) return failure(fmt::format("acknowledge: {}", amqp_error_string2(status)));
  return {};
}

Result<void> Connection::enable_confirms() {
  amqp_confirm_select(impl_->state, kPublish);
  return impl_->last("ask for publisher confirms");
}

Result<void> Connection::publish(const std::string& exchange, const std::string& key, const Message& message) {
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG;
  properties.content_type = amqp_cstring_bytes("application/json");
  properties.delivery_mode = 2;  // persistent
  properties.message_id = bytes(message.id);
  const int status = amqp_basic_publish(impl_->state, kPublish, bytes(exchange), bytes(key), /*mandatory=*/1, 0,
                                        &properties, bytes(message.body));
  if (status != AMQP_STATUS_OK) return failure(fmt::format("publish to {}: {}", exchange, amqp_error_string2(status)));
  return {};
}

Lookup<Settled> Connection::settled(Timeout timeout) {
  const std::string attempt = "wait for confirms";
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  amqp_frame_t frame{};
  do {
    const timeval limit = timeval_of(std::chrono::ceil<Timeout>(deadline - std::chrono::steady_clock::now()));
    amqp_maybe_release_buffers(impl_->state);
    const int status = amqp_simple_wait_frame_noblock(impl_->state, &frame, &limit);
    if (status == AMQP_STATUS_TIMEOUT) return std::nullopt;
    if (status != AMQP_STATUS_OK) return failure(attempt + ": " + amqp_error_string2(status));
  } while (is_flow_notice(frame));

  if (frame.frame_type != AMQP_FRAME_METHOD) return failure(attempt + ": unexpected frame");
  const amqp_method_t& method = frame.payload.method;
  if (frame.channel == kPublish && method.id == AMQP_BASIC_ACK_METHOD) {
    const auto* ack = static_cast<amqp_basic_ack_t*>(method.decoded);
    return Settled{ack->delivery_tag, ack->multiple != 0, Settlement::confirmed, {}};
  }
  if (frame.channel == kPublish && method.id == AMQP_BASIC_NACK_METHOD) {
    const auto* nack = static_cast<amqp_basic_nack_t*>(method.decoded);
    return Settled{nack->delivery_tag, nack->multiple != 0, Settlement::nacked, {}};
  }
  if (frame.channel == kPublish && method.id == AMQP_BASIC_RETURN_METHOD) {
    amqp_message_t returned{};
    if (auto done = outcome(amqp_read_message(impl_->state, kPublish, &returned, 0), "read a returned message"); !done)
      return tl::make_unexpected(done.error());
    Settled settled{0, false, Settlement::returned, message_of(returned, 0).id};
    amqp_destroy_message(&returned);
    return settled;
  }
  return failure(attempt + ": " + describe(method));
}

}  // namespace orders::amqp
