#include "shared/agent_api/remote_agent.h"

#include <fmt/format.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <algorithm>
#include <optional>

#include "shared/agent_api/agent.grpc.pb.h"
#include "shared/agent_api/tls.h"
#include "shared/agent_api/wire.h"
#include "shared/certificates/certificates.h"

namespace migrate::agent {
namespace {

using grpc::ClientContext;
using grpc::Status;
using Steady = std::chrono::steady_clock;
using Kind = AgentError::Kind;
using wire::put;
using wire::taken;

constexpr std::chrono::hours kLongestCall{24};
// So that the answer of a long poll, given when its time was over, still arrives.
constexpr milliseconds kGrace{2'000};
constexpr milliseconds kConnecting{4'000};  // one attempt, and the pause before it
constexpr milliseconds kLook{50};           // between two looks at whether the caller still wants it

// The scheme keeps gRPC from asking DNS for what is an address already.
std::string target_of(const std::string& address) {
  const std::string host = address.substr(0, address.rfind(':'));
  if (address.starts_with('[')) return "ipv6:" + address;
  const bool is_v4 = !host.empty() && host.find_first_not_of("0123456789.") == std::string::npos;
  return (is_v4 ? "ipv4:" : "dns:") + address;
}

std::shared_ptr<grpc::Channel> channel_to(const std::string& address, const std::string& node,
                                          const TlsIdentity& identity) {
  require_tls13();
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = identity.ca_pem;
  tls.pem_cert_chain = identity.certificate_pem;
  tls.pem_private_key = identity.key_pem;
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride(certificates::agent_dns_name(node));
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // An agent that comes back is found within half a second; the second value also bounds one attempt to connect.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 3'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, 64 << 10);
  // A window of fixed size. gRPC's own estimate takes it to 100 MiB and more, for no gain: 500 MiB cost 1.8 s of CPU
  // and 130 to 260 MiB of memory on both sides together with it, 1.3 s and 27 MiB without.
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 4 << 20);
  return grpc::CreateCustomChannel(target_of(address), grpc::SslCredentials(tls), arguments);
}

// How a call ended. Of the agent's own failures the status' details hold their kind's word.
struct Ended {
  Status status;
  std::int64_t term = 0;
};

// What an answer holds, as agent_api.h has it.
template <class Answer>
using ValueOf = decltype(taken(std::declval<const Answer&>()));

class RemoteAgent final : public AgentApi {
 public:
  RemoteAgent(const std::string& address, const std::string& node, const TlsIdentity& identity)
      : who_(fmt::format("agent of node {} at {}", node, address)),
        channel_(channel_to(address, node, identity)),
        stub_(v1::Agent::NewStub(channel_)) {}

  AgentResult<SourceFacts> inspect(const Order& order, const PodRef& pod, const std::vector<std::string>& containers,
                                   const std::vector<std::string>& volumes, const Call& call) override {
    v1::InspectRequest request;
    put(*request.mutable_pod(), pod);
    put(*request.mutable_containers(), containers);
    put(*request.mutable_volumes(), volumes);
    return ask("inspect", &Stub::Inspect, order, request, call);
  }

  AgentResult<void> check_kubelet(const Order& order, const PodRef& pod, const Call& call) override {
    v1::CheckKubeletRequest request;
    put(*request.mutable_pod(), pod);
    return ask("check_kubelet", &Stub::CheckKubelet, order, request, call);
  }

  AgentResult<SourceRecord> freeze(const Order& order, const FreezeOrder& freeze, const Call& call) override {
    v1::FreezeRequest request;
    put(request, freeze);
    return ask("freeze", &Stub::Freeze, order, request, call);
  }

  AgentResult<std::vector<Archive>> checkpoint(const Order& order, const CheckpointOrder& checkpoint,
                                               const Call& call) override {
    v1::CheckpointRequest request;
    put(request, checkpoint);
    return ask("checkpoint", &Stub::Checkpoint, order, request, call);
  }

  AgentResult<Snapshot> snapshot(const Order& order, const SnapshotOrder& snapshot, const Call& call) override {
    v1::SnapshotRequest request;
    put(request, snapshot);
    return ask("snapshot", &Stub::Snapshot, order, request, call);
  }

  AgentResult<void> check_registry(const Order& order, const RegistryAccess& registry, const Call& call) override {
    v1::CheckRegistryRequest request;
    put(*request.mutable_registry(), registry);
    return ask("check_registry", &Stub::CheckRegistry, order, request, call);
  }

  AgentResult<std::vector<PushedImage>> push(const Order& order, const PushOrder& push, const Call& call) override {
    v1::PushRequest request;
    put(request, push);
    return ask("push", &Stub::Push, order, request, call);
  }

  AgentResult<std::vector<std::string>> withdraw(const Order& order, const RegistryAccess& registry,
                                                 const Call& call) override {
    v1::WithdrawRequest request;
    put(*request.mutable_registry(), registry);
    return ask("withdraw", &Stub::Withdraw, order, request, call);
  }

  AgentResult<SourceRecord> commit(const Order& order, const Call& call) override {
    return ask("commit", &Stub::Commit, order, call);
  }

  AgentResult<SourceRecord> thaw(const Order& order, bool target_never_ran, const Call& call) override {
    v1::ThawRequest request;
    request.set_target_never_ran(target_never_ran);
    return ask("thaw", &Stub::Thaw, order, request, call);
  }

  AgentResult<SourceRecord> source_record(const Order& order, const Call& call) override {
    return ask("source_record", &Stub::GetSourceRecord, order, call);
  }

  AgentResult<bool> source_is_gone(const Order& order, const Call& call) override {
    return ask("source_is_gone", &Stub::SourceIsGone, order, call);
  }

  AgentResult<void> prepare(const Order& order, const PrepareOrder& prepare, const Call& call) override {
    v1::PrepareRequest request;
    put(request, prepare);
    return ask("prepare", &Stub::Prepare, order, request, call);
  }

  AgentResult<PullFacts> pull(const Order& order, const PullOrder& pull, const Call& call) override {
    v1::PullRequest request;
    put(request, pull);
    return ask("pull", &Stub::Pull, order, request, call);
  }

  AgentResult<void> release(const Order& order, const ReleaseOrder& release, const Call& call) override {
    v1::ReleaseRequest request;
    put(request, release);
    return ask("release", &Stub::Release, order, request, call);
  }

  AgentResult<std::vector<RestoredContainer>> restore_states(const Order& order, const PodRef& pod,
                                                             const std::vector<std::string>& containers,
                                                             const std::vector<RestoreState>& known,
                                                             const Call& call) override {
    v1::RestoreStatesRequest request;
    put(*request.mutable_pod(), pod);
    put(*request.mutable_containers(), containers);
    put(*request.mutable_known(), known);
    return ask("restore_states", &Stub::RestoreStates, order, request, call, kGrace);
  }

  AgentResult<bool> cancel(const Order& order, const PodRef& pod, const Call& call) override {
    v1::CancelRequest request;
    put(*request.mutable_pod(), pod);
    return ask("cancel", &Stub::Cancel, order, request, call);
  }

  AgentResult<void> clean_up(const Order& order, const Call& call) override {
    return ask("clean_up", &Stub::CleanUp, order, call);
  }

  AgentResult<void> read_archive(const Order& order, const std::string& archive, const ArchiveSink& sink,
                                 const Call& call) override {
    v1::ReadArchiveRequest request;
    put(*request.mutable_order(), order, call.timeout);
    request.set_archive(archive);
    bool enough = false;
    const Ended ended = carry_out(call, milliseconds{0}, [&](ClientContext& context) {
      const auto reader = stub_->ReadArchive(&context, request);
      for (v1::Piece piece; !enough && reader->Read(&piece);)
        enough = !sink(piece.data());
      if (enough) context.TryCancel();
      return reader->Finish();
    });
    if (ended.status.ok() || enough) return {};
    return tl::make_unexpected(error_of("read_archive", order, call, ended));
  }

 private:
  using Stub = v1::Agent::Stub;
  template <class Request, class Answer>
  using Method = Status (Stub::*)(ClientContext*, const Request&, Answer*);

  template <class Request, class Answer>
  AgentResult<ValueOf<Answer>> ask(const char* what, Method<Request, Answer> method, const Order& order,
                                   Request& request, const Call& call, milliseconds grace = milliseconds{0}) {
    put(*request.mutable_order(), order, call.timeout);
    return answer_to(what, method, order, request, call, grace);
  }

  template <class Answer>
  AgentResult<ValueOf<Answer>> ask(const char* what, Method<v1::Order, Answer> method, const Order& order,
                                   const Call& call) {
    v1::Order request;
    put(request, order, call.timeout);
    return answer_to(what, method, order, request, call, milliseconds{0});
  }

  template <class Request, class Answer>
  AgentResult<ValueOf<Answer>> answer_to(const char* what, Method<Request, Answer> method, const Order& order,
                                         const Request& request, const Call& call, milliseconds grace) {
    Answer answer;
    const Ended ended = carry_out(
        call, grace, [&](ClientContext& context) { return (stub_.get()->*method)(&context, request, &answer); });
    if (!ended.status.ok()) return tl::make_unexpected(error_of(what, order, call, ended));
    if (!wire::is_known(answer))
      return tl::make_unexpected(
          AgentError{Kind::failed, said(what, order, "it answers with a state that this version does not know")});
    if constexpr (std::is_same_v<Answer, v1::Done>)
      return {};
    else
      return taken(answer);
  }

  // gRPC 1.51 moves an attempt to connect forward only while somebody waits for it, and else every 5 s, longer than an
  // attempt may last: after one failure a call that fails at once would fail for ever. So one attempt is waited for.
  void await_connection(const Call& call) {
    const auto until = Steady::now() + std::min(call.timeout, kConnecting);
    std::optional<grpc_connectivity_state> before;
    for (auto state = channel_->GetState(true); state != GRPC_CHANNEL_READY; state = channel_->GetState(true)) {
      const bool has_failed = state == GRPC_CHANNEL_TRANSIENT_FAILURE && before && before != state;
      if (has_failed || call.stop.stop_requested() || Steady::now() >= until) return;
      before = state;
      channel_->WaitForStateChange(state, std::chrono::system_clock::now() + kLook);
    }
  }

  template <class Body>
  Ended carry_out(const Call& call, milliseconds grace, const Body& body) {
    if (call.stop.stop_requested()) return {Status::CANCELLED};
    await_connection(call);
    ClientContext context;
    const auto timeout = std::clamp<milliseconds>(call.timeout, milliseconds{0}, kLongestCall) + grace;
    // A span, so that a step of the wall clock does not end the call.
    context.set_deadline(gpr_time_from_millis(timeout.count(), GPR_TIMESPAN));
    const std::stop_callback on_stop{call.stop, [&context] { context.TryCancel(); }};
    Status status = body(context);
    if (status.ok()) return {status};
    const auto& trailing = context.GetServerTrailingMetadata();
    const auto text_at = [&](const char* key) {
      const auto found = trailing.find(key);
      return found == trailing.end() ? std::string{} : std::string{found->second.data(), found->second.size()};
    };
    return {{status.error_code(), status.error_message(), text_at(wire::kErrorKey)},
            wire::term_of(text_at(wire::kTermKey))};
  }

  [[nodiscard]] std::string said(const char* what, const Order& order, const std::string& answer) const {
    return fmt::format("{} of {} by the {}: {}", what, order.name.empty() ? order.migration : order.name, who_, answer);
  }

  [[nodiscard]] AgentError error_of(const char* what, const Order& order, const Call& call, const Ended& ended) const {
    const Status& status = ended.status;
    if (call.stop.stop_requested()) return {Kind::cancelled, said(what, order, "cancelled")};
    // An agent that ends stops its calls: to the caller it is one that went away.
    const auto kind = wire::kind_of(status.error_details());
    if (kind && *kind != Kind::cancelled) return {*kind, said(what, order, status.error_message()), ended.term};
    switch (status.error_code()) {
      case grpc::StatusCode::DEADLINE_EXCEEDED:
        return {Kind::unreachable, said(what, order, fmt::format("no answer within {} ms", call.timeout.count()))};
      case grpc::StatusCode::UNIMPLEMENTED:
        return {Kind::failed, said(what, order, "it does not know this order: it is of another version")};
      case grpc::StatusCode::CANCELLED:
        return {Kind::unreachable, said(what, order, "the agent was ended meanwhile")};
      default:
        return {Kind::unreachable, said(what, order, status.error_message())};
    }
  }

  std::string who_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<Stub> stub_;
};

}  // namespace

std::shared_ptr<AgentApi> connect_agent(const std::string& address, const std::string& node,
                                        const TlsIdentity& identity) {
  return std::make_shared<RemoteAgent>(address, node, identity);
}

}  // namespace migrate::agent
