#include <fmt/format.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <cctype>

#include "shared/agent_api/agent.grpc.pb.h"
#include "shared/agent_api/calls.h"
#include "shared/agent_api/remote_agent.h"
#include "shared/agent_api/server_credentials.h"
#include "shared/agent_api/tls.h"
#include "shared/agent_api/wire.h"
#include "shared/base/text.h"

namespace migrate::agent {
namespace {

using grpc::ServerContext;
using grpc::Status;
using Kind = AgentError::Kind;
using wire::taken;

constexpr int kLargestMessage = 1 << 20;
constexpr int kStreamsPerConnection = 32;
constexpr int kMostThreads = 64;
constexpr std::size_t kPiece = 256U << 10;
// A status travels in headers, whose size is bounded on both sides.
constexpr std::size_t kLongestError = 8U << 10;
constexpr std::chrono::hours kLongestCall{24};

grpc::StatusCode code_of(Kind kind) {
  switch (kind) {
    case Kind::unreachable:
      return grpc::StatusCode::UNAVAILABLE;
    case Kind::stale:
      return grpc::StatusCode::ABORTED;
    case Kind::refused:
      return grpc::StatusCode::PERMISSION_DENIED;
    case Kind::precondition:
      return grpc::StatusCode::FAILED_PRECONDITION;
    case Kind::failed:
      return grpc::StatusCode::INTERNAL;
    case Kind::no_space:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case Kind::cancelled:
      break;
  }
  return grpc::StatusCode::CANCELLED;
}

Status status_of(ServerContext& context, const AgentError& error) {
  context.AddTrailingMetadata(wire::kErrorKey, std::string{wire::word_of(error.kind)});
  if (error.kind == Kind::stale) context.AddTrailingMetadata(wire::kTermKey, std::to_string(error.term));
  return {code_of(error.kind), shortened(error.message, kLongestError)};
}

std::string common_name(const ServerContext& context) {
  const auto names = context.auth_context()->FindPropertyValues(GRPC_X509_CN_PROPERTY_NAME);
  return names.size() == 1 ? std::string{names.front().data(), names.front().size()} : "";
}

// Uids become names of folders.
bool is_uid(const std::string& text) {
  return !text.empty() && text.size() <= 128 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; });
}

enum class Right { controller, any_agent };

class Service final : public v1::Agent::Service {
 public:
  explicit Service(AgentApi& agent) : agent_(agent) {}

  void stop() { calls_.stop_all(); }

  Status Inspect(ServerContext* context, const v1::InspectRequest* in, v1::SourceFacts* out) override {
    return order(*context, *in, *out, [&](const Order& order, const Call& call) {
      return agent_.inspect(order, taken(in->pod()), taken(in->containers()), taken(in->volumes()), call);
    });
  }
  Status CheckKubelet(ServerContext* context, const v1::CheckKubeletRequest* in, v1::Done* out) override {
    return order(*context, *in, *out, [&](const Order& order, const Call& call) {
      return agent_.check_kubelet(order, taken(in->pod()), call);
    });
  }
  Status Freeze(ServerContext* context, const v1::FreezeRequest* in, v1::SourceRecord* out) override {
    return order(*context, *in, *out,
                 [&](const Order& order, const Call& call) { return agent_.freeze(order, taken(*in), call); });
  }
  Status Checkpoint(ServerContext* context, const v1::CheckpointRequest* in, v1::Archives* out) override {
    return order(*context, *in, *out,
                 [&](const Order& order, const Call& call) { return agent_.checkpoint(order, taken(*in), call); });
  }
  Status Snapshot(ServerContext* context, const v1::SnapshotRequest* in, v1::SnapshotAnswer* out) override {
    return order(*context, *in, *out,
                 [&](const Order& order, const Call& call) { return agent_.snapshot(order, taken(*in), call); });
  }
  Status CheckRegistry(ServerContext* context, const v1::CheckRegistryRequest* in, v1::Done* out) override {
    return order(*context, *in, *out, [&](const Order& order, const Call& call) {
      return agent_.check_registry(order, taken(in->registry()), call);
    });
  }
  Status Push(ServerContext* context, const v1::PushRequest* in, v1::PushedImages* out) override {
    return order(*context, *in, *out,
                 [&](const Order& order, const Call& call) { return agent_.push(order, taken(*in), call); });
  }
  Status Withdraw(ServerContext* context, const v1::WithdrawRequest* in, v1::Lines* out) override {
    return order(*context, *in, *out, [&](const Order& order, const Call& call) {
      return agent_.withdraw(order, taken(in->registry()), call);
    });
  }
  Status Commit(ServerContext* context, const v1::Order* in, v1::SourceRecord* out) override {
    return order(*context, *in, *out, [&](const Order& order, const Call& call) { return agent_.commit(order, call); });
  }
  Status Thaw(ServerContext* context, const v1::ThawRequest* in, v1::SourceRecord* out) override {
    return order(*context, *in, *out, [&](const Order& order, const Call& call) {
      return agent_.thaw(order, in->target_never_ran(), call);
    });
  }
  Status GetSourceRecord(ServerContext* context, const v1::Order* in, v1::SourceRecord* out) override {
    return order(*context, *in, *out,
                 [&](const Order& order, const Call& call) { return agent_.source_record(order, call); });
  }
  Status SourceIsGone(ServerContext* context, const v1::Order* in, v1::Answer* out) override {
    return order(*context, *in, *out,
                 [&](const Order& order, const Call& call) { return agent_.source_is_gone(order, call); });
  }
  Status Prepare(ServerContext* context, const v1::PrepareRequest* in, v1::Done* out) override {
    return order(*context, *in, *out,
                 [&](const Order& order, const Call& call) { return agent_.prepare(order, taken(*in), call); });
  }
  Status Pull(ServerContext* context, const v1::PullRequest* in, v1::PullFacts* out) override {
    return order(*context, *in, *out,
                 [&](const Order& order, const Call& call) { return agent_.pull(order, taken(*in), call); });
  }
  Status Release(ServerContext* context, const v1::ReleaseRequest* in, v1::Done* out) override {
    return order(*context, *in, *out,
                 [&](const Order& order, const Call& call) { return agent_.release(order, taken(*in), call); });
  }
  Status RestoreStates(ServerContext* context, const v1::RestoreStatesRequest* in,
                       v1::RestoredContainers* out) override {
    return order(*context, *in, *out, [&](const Order& order, const Call& call) {
      return agent_.restore_states(order, taken(in->pod()), taken(in->containers()), taken(in->known()), call);
    });
  }
  Status Cancel(ServerContext* context, const v1::CancelRequest* in, v1::Answer* out) override {
    return order(*context, *in, *out,
                 [&](const Order& order, const Call& call) { return agent_.cancel(order, taken(in->pod()), call); });
  }
  Status CleanUp(ServerContext* context, const v1::Order* in, v1::Done* out) override {
    return order(*context, *in, *out,
                 [&](const Order& order, const Call& call) { return agent_.clean_up(order, call); });
  }

  Status ReadArchive(ServerContext* context, const v1::ReadArchiveRequest* in,
                     grpc::ServerWriter<v1::Piece>* writer) override {
    return serve(*context, in->order(), Right::any_agent, [&](const Order& order, const Call& call) {
      v1::Piece piece;
      const auto send = [&](std::string_view bytes) {
        for (; !bytes.empty(); bytes.remove_prefix(std::min(kPiece, bytes.size()))) {
          piece.set_data(bytes.data(), std::min(kPiece, bytes.size()));
          // The write waits while the reader is slow.
          if (call.stop.stop_requested() || !writer->Write(piece)) return false;
        }
        return true;
      };
      return agent_.read_archive(order, in->archive(), send, call);
    });
  }

 private:
  static const v1::Order& order_in(const v1::Order& request) { return request; }
  template <class Request>
  static const v1::Order& order_in(const Request& request) {
    return request.order();
  }

  // An order of the controller's, answered with a message.
  template <class Request, class Answer, class Body>
  Status order(ServerContext& context, const Request& in, Answer& out, const Body& body) {
    return serve(context, order_in(in), Right::controller, [&](const Order& order, const Call& call) {
      auto result = body(order, call);
      AgentResult<void> done;
      if (!result)
        done = tl::make_unexpected(std::move(result).error());
      else if constexpr (!std::is_same_v<decltype(result), AgentResult<void>>)
        wire::put(out, *result);
      return done;
    });
  }

  template <class Body>
  Status serve(ServerContext& context, const v1::Order& in, Right right, const Body& body) {
    Call call;
    call.peer = common_name(context);
    const bool may = call.peer == "controller" || (right == Right::any_agent && call.peer.starts_with("agent/"));
    if (!may)
      return status_of(context, {Kind::refused, fmt::format("'{}', as the caller's certificate names it, may not order "
                                                            "this: only the controller may",
                                                            call.peer)});
    if (!is_uid(in.migration()))
      return status_of(context, {Kind::precondition, "the order does not name a migration by its uid"});
    const Calls::Ticket ticket = calls_.enter([&context] { return context.IsCancelled(); });
    call.stop = ticket.stop();
    call.timeout = std::clamp<milliseconds>(milliseconds{in.timeout_ms()}, milliseconds{0}, kLongestCall);
    const AgentResult<void> done = body(taken(in), call);
    return done ? Status::OK : status_of(context, done.error());
  }

  AgentApi& agent_;
  Calls calls_;
};

class GrpcServer final : public AgentServer {
 public:
  GrpcServer(const TlsIdentity& identity, AgentApi& agent)
      : service_(agent), credentials_(std::make_shared<RenewableCredentials>(identity)) {}

  ~GrpcServer() override {
    if (!server_) return;
    service_.stop();
    // Time for the answers of those that were stopped.
    server_->Shutdown(gpr_time_from_millis(1'000, GPR_TIMESPAN));
    server_->Wait();
  }

  bool start(const std::string& address, std::uint16_t port) {
    grpc::ResourceQuota quota{"agent"};
    quota.SetMaxThreads(kMostThreads);
    grpc::ServerBuilder builder;
    builder.SetResourceQuota(quota);
    builder.SetMaxReceiveMessageSize(kLargestMessage);
    builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::NUM_CQS, 1);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnection);
    builder.AddChannelArgument("grpc.server_handshake_timeout_ms", 5'000);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, 600'000);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    // A second agent on this port is a mistake to be told, not a partner.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    // A caller that vanished is noticed, and its call stopped.
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
    const bool is_v6 = address.find(':') != std::string::npos && !address.starts_with('[');
    int bound = 0;
    builder.AddListeningPort(fmt::format("{}:{}", is_v6 ? "[" + address + "]" : address, port), credentials_, &bound);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    port_ = static_cast<std::uint16_t>(bound);
    return server_ != nullptr && bound != 0;
  }

  [[nodiscard]] std::uint16_t port() const override { return port_; }
  void renew(const TlsIdentity& identity) override { credentials_->renew(identity); }

 private:
  Service service_;
  std::shared_ptr<RenewableCredentials> credentials_;
  std::unique_ptr<grpc::Server> server_;
  std::uint16_t port_ = 0;
};

}  // namespace

Result<std::unique_ptr<AgentServer>> AgentServer::start(const std::string& address, std::uint16_t port,
                                                        const TlsIdentity& identity, AgentApi& agent) {
  require_tls13();
  auto server = std::make_unique<GrpcServer>(identity, agent);
  if (server->start(address, port)) return server;
  return failure(
      fmt::format("serve the agent's calls on {} port {}: gRPC cannot start. Either the port is taken, or the "
                  "certificate and its key do not belong together; GRPC_VERBOSITY=ERROR shows which",
                  address, port));
}

}  // namespace migrate::agent
