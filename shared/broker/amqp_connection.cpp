#include "shared/broker/amqp_connection.h"

#include <amqp.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>

#include "shared/http_client/failure.h"
#include "shared/http_client/tls.h"

namespace migrate::broker {
namespace {

using std::chrono::milliseconds;
using Kind = AmqpError::Kind;

constexpr amqp_channel_t kChannel = 1;
constexpr std::uint8_t kPersistent = 2;
constexpr milliseconds kFarewell{300};

amqp_bytes_t bytes(const std::string& text) {
  return {text.size(), const_cast<char*>(text.data())};
}
std::string text(amqp_bytes_t bytes) {
  return {static_cast<const char*>(bytes.bytes), bytes.len};
}

timeval timeval_of(milliseconds span) {
  const auto count = std::max<std::int64_t>(span.count(), 1);
  return {count / 1000, (count % 1000) * 1000};
}

tl::unexpected<AmqpError> broken(std::string why) {
  return tl::make_unexpected(AmqpError{Kind::broken, 0, std::move(why)});
}

amqp_table_entry_t yes(const char* name) {
  amqp_table_entry_t entry{amqp_cstring_bytes(name), {}};
  entry.value.kind = AMQP_FIELD_KIND_BOOLEAN;
  entry.value.value.boolean = 1;
  return entry;
}

}  // namespace

struct AmqpConnection::Impl {
  std::shared_ptr<http::TlsProfile> tls;  // outlives the handshake
  amqp_connection_state_t state = amqp_new_connection();
  milliseconds limit{0};
  bool is_usable = true;
  bool has_channel = false;
  bool has_confirms = false;

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    if (is_usable && has_channel) {  // else the broker's log complains of a client that just went
      set_limit(kFarewell);
      amqp_connection_close(state, AMQP_REPLY_SUCCESS);
    }
    amqp_destroy_connection(state);
  }

  void set_limit(milliseconds to) {
    limit = to;
    const timeval span = timeval_of(to);
    amqp_set_rpc_timeout(state, &span);
  }

  tl::unexpected<AmqpError> lost(int status) {
    is_usable = false;
    return broken(amqp_error_string2(status));
  }

  // The broker said no, to this channel or to the whole connection.
  tl::unexpected<AmqpError> said_no(const amqp_method_t& method) {
    if (method.id == AMQP_CHANNEL_CLOSE_METHOD) {
      const auto* close = static_cast<amqp_channel_close_t*>(method.decoded);
      AmqpError error{Kind::refused, close->reply_code, text(close->reply_text)};
      has_channel = has_confirms = false;
      amqp_channel_close_ok_t ok{};
      if (amqp_send_method(state, kChannel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok) != AMQP_STATUS_OK) is_usable = false;
      return tl::make_unexpected(std::move(error));
    }
    is_usable = false;
    if (method.id != AMQP_CONNECTION_CLOSE_METHOD)
      return broken(fmt::format("the broker sent {}, which nobody waited for", amqp_method_name(method.id)));
    const auto* close = static_cast<amqp_connection_close_t*>(method.decoded);
    // Forced: it goes down, or somebody closed this connection; internal error: another connection may fare better.
    const bool passes = close->reply_code == AMQP_CONNECTION_FORCED || close->reply_code == AMQP_INTERNAL_ERROR;
    AmqpError error{passes ? Kind::broken : Kind::refused, close->reply_code, text(close->reply_text)};
    amqp_connection_close_ok_t ok{};
    amqp_send_method(state, 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
    return tl::make_unexpected(std::move(error));
  }

  AmqpResult<void> outcome(const amqp_rpc_reply_t& reply) {
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) return {};
    if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION) return said_no(reply.reply);
    return lost(reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION ? reply.library_error
                                                                    : int{AMQP_STATUS_UNEXPECTED_STATE});
  }
  AmqpResult<void> last() { return outcome(amqp_get_rpc_reply(state)); }

  // rabbitmq-c sends with no deadline of its own, and asks for no sign of life while nothing is to be said.
  void watch_peer() {
    const int socket = amqp_get_sockfd(state);
    const auto set = [&](int level, int option, int value) {
      ::setsockopt(socket, level, option, &value, sizeof(value));
    };
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(std::max<std::int64_t>(limit.count(), 1)));
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, 5);
    set(IPPROTO_TCP, TCP_KEEPINTVL, 2);
    set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  }

  AmqpResult<void> connect(const BrokerAddress& address) {
    const std::string& host = address.amqp.host;
    amqp_socket_t* socket = nullptr;
    if (address.amqp.tls) {
      http::TlsSettings settings;
      settings.ca_pem = address.ca_pem;
      auto profile = http::TlsProfile::make(settings, host);
      if (!profile) return tl::make_unexpected(AmqpError{Kind::refused, 0, "ca.crt: " + profile.error().message});
      tls = std::move(*profile);
      socket = amqp_ssl_socket_new(state);
      if (socket == nullptr) return broken("no memory for TLS");
      auto* context = static_cast<SSL_CTX*>(amqp_ssl_socket_get_context(socket));
      SSL_CTX_set_default_verify_paths(context);
      tls->apply(context);
      // The handshake itself shall fail. The library's own look at names knows none that are addresses.
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
      amqp_ssl_socket_set_verify_hostname(socket, 0);
    } else {
      socket = amqp_tcp_socket_new(state);
      if (socket == nullptr) return broken("no memory for a socket");
    }
    const timeval span = timeval_of(limit);
    const int status = amqp_socket_open_noblock(socket, host.c_str(), address.amqp.port, &span);
    if (status == AMQP_STATUS_OK) return {};
    is_usable = false;
    if (tls && tls->rejection().verify_error != 0)
      return tl::make_unexpected(AmqpError{Kind::refused, 0, http::certificate_problem(tls->rejection(), host)});
    return broken(amqp_error_string2(status));
  }

  AmqpResult<void> log_in(const BrokerAddress& address) {
    const timeval span = timeval_of(limit);
    amqp_set_handshake_timeout(state, &span);
    // Without this capability a wrong password is answered by a closed socket alone.
    std::array<amqp_table_entry_t, 1> can{yes("authentication_failure_close")};
    amqp_table_entry_t capabilities{amqp_cstring_bytes("capabilities"), {}};
    capabilities.value.kind = AMQP_FIELD_KIND_TABLE;
    capabilities.value.value.table = {static_cast<int>(can.size()), can.data()};
    amqp_table_entry_t name{amqp_cstring_bytes("connection_name"), {}};
    name.value.kind = AMQP_FIELD_KIND_UTF8;
    name.value.value.bytes = amqp_cstring_bytes("kubectl-migrate");
    std::array<amqp_table_entry_t, 2> entries{capabilities, name};
    const amqp_table_t properties{static_cast<int>(entries.size()), entries.data()};
    constexpr int no_heartbeat = 0;  // they would go out only during calls, and the broker would give up in between
    return outcome(amqp_login_with_properties(state, address.virtual_host.c_str(), AMQP_DEFAULT_MAX_CHANNELS,
                                              AMQP_DEFAULT_FRAME_SIZE, no_heartbeat, &properties,
                                              AMQP_SASL_METHOD_PLAIN, address.amqp.credentials.user.c_str(),
                                              address.amqp.credentials.password.c_str()));
  }

  AmqpResult<void> need_channel() {
    if (has_channel) return {};
    amqp_channel_open(state, kChannel);
    auto done = last();
    has_channel = done.has_value();
    return done;
  }

  AmqpResult<void> need_confirms() {
    if (auto done = need_channel(); !done || has_confirms) return done;
    amqp_confirm_select(state, kChannel);
    auto done = last();
    has_confirms = done.has_value();
    return done;
  }

  // One call and its answer.
  template <class Call>
  AmqpResult<void> ask(const Call& call) {
    amqp_maybe_release_buffers(state);  // what earlier answers pointed to
    if (auto done = need_channel(); !done) return done;
    call();
    return last();
  }

  // So often, to calls that were sent one behind the other.
  AmqpResult<void> answered(amqp_method_number_t method, std::size_t times) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    for (std::size_t i = 0; i < times; ++i) {
      const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
      const timeval span = timeval_of(left);
      amqp_frame_t frame{};
      if (const int status = amqp_simple_wait_frame_noblock(state, &frame, &span); status != AMQP_STATUS_OK)
        return lost(status);
      if (frame.frame_type != AMQP_FRAME_METHOD) return lost(AMQP_STATUS_UNEXPECTED_STATE);
      if (frame.payload.method.id != method) return said_no(frame.payload.method);
    }
    return {};
  }

  AmqpResult<bool> confirmed() {
    bool taken = true;
    const auto deadline = std::chrono::steady_clock::now() + limit;
    for (;;) {
      const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
      const timeval span = timeval_of(left);
      amqp_frame_t frame{};
      if (const int status = amqp_simple_wait_frame_noblock(state, &frame, &span); status != AMQP_STATUS_OK) {
        auto error = lost(status);
        if (status == AMQP_STATUS_TIMEOUT)
          error.value().message = "no confirm in time (short of memory or disk, it takes no messages)";
        return error;
      }
      if (frame.frame_type != AMQP_FRAME_METHOD) return lost(AMQP_STATUS_UNEXPECTED_STATE);
      const amqp_method_t& method = frame.payload.method;
      if (method.id == AMQP_BASIC_ACK_METHOD) return taken;
      if (method.id == AMQP_BASIC_NACK_METHOD)
        return tl::make_unexpected(AmqpError{Kind::refused, 0, "the broker did not take the message (a full queue?)"});
      if (method.id != AMQP_BASIC_RETURN_METHOD) return said_no(method);
      amqp_message_t returned{};
      if (auto read = outcome(amqp_read_message(state, kChannel, &returned, 0)); !read)
        return tl::make_unexpected(read.error());
      amqp_destroy_message(&returned);
      taken = false;  // the confirm follows all the same
    }
  }
};

AmqpConnection::AmqpConnection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AmqpConnection::~AmqpConnection() = default;

AmqpResult<std::unique_ptr<AmqpConnection>> AmqpConnection::open(const BrokerAddress& address, milliseconds limit) {
  auto impl = std::make_unique<Impl>();
  impl->set_limit(limit);
  auto done = impl->connect(address);
  if (done) {
    impl->watch_peer();
    done = impl->log_in(address);
  }
  if (done) done = impl->need_channel();
  if (!done) {
    impl->is_usable = false;
    return tl::make_unexpected(done.error());
  }
  return std::unique_ptr<AmqpConnection>(new AmqpConnection(std::move(impl)));
}

void AmqpConnection::set_limit(milliseconds limit) {
  impl_->set_limit(limit);
}
bool AmqpConnection::is_usable() const {
  return impl_->is_usable;
}

AmqpResult<Depth> AmqpConnection::depth(const std::string& queue) {
  Depth depth;
  auto done = impl_->ask([&] {
    const auto* ok = amqp_queue_declare(impl_->state, kChannel, bytes(queue), /*passive=*/1, 0, 0, 0, amqp_empty_table);
    if (ok != nullptr) depth = {ok->message_count, ok->consumer_count};
  });
  if (!done) return tl::make_unexpected(done.error());
  return depth;
}

AmqpResult<void> AmqpConnection::declare(const std::string& queue) {
  return impl_->ask(
      [&] { amqp_queue_declare(impl_->state, kChannel, bytes(queue), 0, /*durable=*/1, 0, 0, amqp_empty_table); });
}

AmqpResult<void> AmqpConnection::bind(const std::string& queue, const std::string& exchange, const std::string& key,
                                      const AmqpTable& arguments) {
  return impl_->ask(
      [&] { amqp_queue_bind(impl_->state, kChannel, bytes(queue), bytes(exchange), bytes(key), arguments.table()); });
}

AmqpResult<void> AmqpConnection::unbind(const std::string& queue, const std::string& exchange, const std::string& key,
                                        const AmqpTable& arguments) {
  return impl_->ask(
      [&] { amqp_queue_unbind(impl_->state, kChannel, bytes(queue), bytes(exchange), bytes(key), arguments.table()); });
}

AmqpResult<void> AmqpConnection::unbind_together(const std::string& queue, const std::vector<Unbinding>& all) {
  amqp_maybe_release_buffers(impl_->state);
  if (auto done = impl_->need_channel(); !done) return done;
  for (const Unbinding& one : all) {
    amqp_queue_unbind_t method{};
    method.queue = bytes(queue);
    method.exchange = bytes(one.exchange);
    method.routing_key = bytes(one.key);
    method.arguments = one.arguments.table();
    const int status = amqp_send_method(impl_->state, kChannel, AMQP_QUEUE_UNBIND_METHOD, &method);
    if (status != AMQP_STATUS_OK) return impl_->lost(status);
  }
  return impl_->answered(AMQP_QUEUE_UNBIND_OK_METHOD, all.size());
}

AmqpResult<void> AmqpConnection::remove(const std::string& queue, const RemoveOnly& only) {
  return impl_->ask(
      [&] { amqp_queue_delete(impl_->state, kChannel, bytes(queue), only.if_unused ? 1 : 0, only.if_empty ? 1 : 0); });
}

AmqpResult<std::uint64_t> AmqpConnection::purge(const std::string& queue) {
  std::uint64_t purged = 0;
  auto done = impl_->ask([&] {
    const auto* ok = amqp_queue_purge(impl_->state, kChannel, bytes(queue));
    if (ok != nullptr) purged = ok->message_count;
  });
  if (!done) return tl::make_unexpected(done.error());
  return purged;
}

// A priority is a number: the broker looks at the right to read first, then whether there is such a queue, then at
// this.
AmqpResult<void> AmqpConnection::consume_in_vain(const std::string& queue) {
  amqp_table_entry_t priority{amqp_cstring_bytes("x-priority"), {}};
  priority.value.kind = AMQP_FIELD_KIND_UTF8;
  priority.value.value.bytes = amqp_cstring_bytes("none");
  const amqp_table_t arguments{1, &priority};
  auto done = impl_->ask([&] {
    amqp_basic_consume(impl_->state, kChannel, bytes(queue), amqp_empty_bytes, 0, 0, /*exclusive=*/0, arguments);
  });
  if (!done) return done;
  amqp_channel_close(impl_->state, kChannel, AMQP_REPLY_SUCCESS);
  impl_->is_usable = false;
  return {};
}

AmqpResult<bool> AmqpConnection::publish(const std::string& queue, const std::string& body) {
  amqp_maybe_release_buffers(impl_->state);
  if (auto done = impl_->need_confirms(); !done) return tl::make_unexpected(done.error());
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG;
  properties.content_type = amqp_cstring_bytes("application/json");
  properties.delivery_mode = kPersistent;
  const int status = amqp_basic_publish(impl_->state, kChannel, amqp_empty_bytes, bytes(queue), /*mandatory=*/1, 0,
                                        &properties, bytes(body));
  if (status != AMQP_STATUS_OK) return impl_->lost(status);
  return impl_->confirmed();
}

}  // namespace migrate::broker
