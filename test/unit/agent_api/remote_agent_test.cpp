#include "shared/agent_api/remote_agent.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <thread>

#include "shared/base/host.h"
#include "shared/certificates/certificates.h"
#include "test/fakes/agent.h"
#include "test/unit/fake_server/certificates.h"

namespace {

namespace data = boost::unit_test::data;
using namespace migrate;
using namespace migrate::agent;
using namespace std::chrono_literals;
using Kind = AgentError::Kind;
using std::chrono::steady_clock;
using test::Authority;
using test::FakeAgent;

const Order kOrder{"0f3c-1", "shop/orders", 7};
const PodRef kPod{"shop", "orders", "p-1"};

Instant at(std::int64_t microseconds) {
  return Instant{Microseconds{microseconds}};
}

std::string name_of(const std::string& node) {
  return "DNS:" + node + ".agent.kubectl-migrate.dev";
}

// Keys and certificates are made once: that is what takes the time.
const Authority& ours() {
  static const Authority authority{"ours"};
  return authority;
}
const Authority& foreign() {
  static const Authority authority{"ours"};
  return authority;
}

TlsIdentity server_of(const std::string& node, const Authority& authority = ours()) {
  const test::Pem pem = authority.server({name_of(node)});
  return {authority.pem(), pem.certificate, pem.key};
}

TlsIdentity caller(const std::string& common_name, const Authority& authority = ours()) {
  const test::Pem pem = authority.client(common_name);
  return {authority.pem(), pem.certificate, pem.key};
}

// The agent of node-b, served on a port of its own.
struct Scene {
  FakeAgent agent;
  std::unique_ptr<AgentServer> server = value_or_fatal(AgentServer::start("127.0.0.1", 0, server_of("node-b"), agent));

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(server->port()); }
  [[nodiscard]] std::shared_ptr<AgentApi> as(const TlsIdentity& identity, const std::string& node = "node-b") const {
    return connect_agent(address(), node, identity);
  }
  [[nodiscard]] std::shared_ptr<AgentApi> controller() const { return as(caller("controller")); }
};

template <class T>
void check_fails(const AgentResult<T>& result, Kind kind, const std::string& says = "") {
  BOOST_REQUIRE(!result);
  BOOST_TEST(static_cast<int>(result.error().kind) == static_cast<int>(kind), result.error().message);
  BOOST_TEST(result.error().message.find(says) != std::string::npos, result.error().message);
}

template <class T>
T require(AgentResult<T> result) {
  BOOST_REQUIRE_MESSAGE(result, (result ? "" : result.error().message));
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// Whether a TLS handshake of at most that version succeeds, with the controller's certificate.
bool shakes_hands(std::uint16_t port, int version) {
  const TlsIdentity identity = caller("controller");
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
  SSL_CTX_set_max_proto_version(context.get(), version);
  const std::unique_ptr<BIO, decltype(&BIO_free)> certificate{BIO_new_mem_buf(identity.certificate_pem.data(), -1),
                                                              BIO_free};
  const std::unique_ptr<X509, decltype(&X509_free)> leaf{
      PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr), X509_free};
  const std::unique_ptr<BIO, decltype(&BIO_free)> secret{BIO_new_mem_buf(identity.key_pem.data(), -1), BIO_free};
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{
      PEM_read_bio_PrivateKey(secret.get(), nullptr, nullptr, nullptr), EVP_PKEY_free};
  SSL_CTX_use_certificate(context.get(), leaf.get());
  SSL_CTX_use_PrivateKey(context.get(), key.get());
  const unsigned char http2[] = "\x02h2";
  SSL_CTX_set_alpn_protos(context.get(), http2, 3);
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  BOOST_REQUIRE(::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  const std::unique_ptr<SSL, decltype(&SSL_free)> tls{SSL_new(context.get()), SSL_free};
  SSL_set_fd(tls.get(), socket);
  const bool shaken = SSL_connect(tls.get()) == 1;
  ::close(socket);
  return shaken;
}

struct KindCase {
  Kind kind;
  std::string word;
  friend std::ostream& operator<<(std::ostream& out, const KindCase& c) { return out << c.word; }
};
const std::vector<KindCase> kKinds = {{Kind::unreachable, "unreachable"}, {Kind::stale, "stale"},
                                      {Kind::refused, "refused"},         {Kind::precondition, "precondition"},
                                      {Kind::failed, "failed"},           {Kind::no_space, "no space"}};

}  // namespace

BOOST_AUTO_TEST_SUITE(remote_agents)

BOOST_AUTO_TEST_CASE(what_is_asked_and_answered_about_the_source_arrives_whole) {
  Scene scene;
  const auto agent = scene.controller();
  scene.agent.facts = {{{"app", "c1", "runc", 20_MiB, true, 7_MiB, 3_KiB, 2}, {"side", "c2", "crun", Bytes{5}, false}},
                       {{"tmp", 3_KiB}},
                       Bytes{1} + Bytes{1ULL << 40}};
  const SourceFacts facts = require(agent->inspect(kOrder, kPod, {"app", "side"}, {"tmp"}));
  auto given = scene.agent.last();
  BOOST_TEST(given.what == "inspect");
  BOOST_TEST(given.order.migration == "0f3c-1");
  BOOST_TEST(given.order.name == "shop/orders");
  BOOST_TEST(given.order.term == 7);
  BOOST_TEST(given.peer == "controller");
  BOOST_TEST(given.timeout.count() == 30'000);
  BOOST_TEST(given.pod.namespace_ == "shop");
  BOOST_TEST(given.pod.name == "orders");
  BOOST_TEST(given.pod.uid == "p-1");
  BOOST_TEST((given.containers == std::vector<std::string>{"app", "side"}));
  BOOST_TEST((given.volumes == std::vector<std::string>{"tmp"}));
  BOOST_REQUIRE(facts.containers.size() == 2U);
  BOOST_TEST(facts.containers[0].name == "app");
  BOOST_TEST(facts.containers[0].id == "c1");
  BOOST_TEST(facts.containers[1].runtime == "crun");
  BOOST_TEST((facts.containers[0].memory == 20_MiB));
  BOOST_TEST((facts.containers[0].image == 7_MiB));
  BOOST_TEST((facts.containers[0].shm == 3_KiB));
  BOOST_TEST(facts.containers[0].shm_entries == 2U);
  BOOST_TEST(facts.containers[0].paused);
  BOOST_TEST(!facts.containers[1].paused);
  BOOST_REQUIRE(facts.volumes.size() == 1U);
  BOOST_TEST((facts.volumes[0].size == 3_KiB));
  BOOST_TEST(facts.free_disk.count == (1ULL << 40) + 1);

  scene.agent.record = {SourceState::frozen, at(1'700'000'000'000'001), std::nullopt, ""};
  SourceRecord record = require(agent->freeze(kOrder, {kPod, {"app"}, "node-c", 17'500ms}));
  given = scene.agent.last();
  BOOST_TEST(given.freeze.pod.uid == "p-1");
  BOOST_TEST(given.freeze.target_node == "node-c");
  BOOST_TEST(given.freeze.limit.count() == 17'500);
  BOOST_TEST((record.state == SourceState::frozen));
  BOOST_TEST((record.frozen_at == at(1'700'000'000'000'001)));
  BOOST_TEST(!record.ended_at);

  scene.agent.archives = {{"app", Bytes{9}, "sha256:aa"}, {"volume/tmp", Bytes{0}, "sha256:bb"}};
  const auto archives = require(agent->checkpoint(kOrder, {Backend::kubelet, {"tmp"}}));
  given = scene.agent.last();
  BOOST_TEST((given.checkpoint.backend == Backend::kubelet));
  BOOST_TEST((given.checkpoint.volumes == std::vector<std::string>{"tmp"}));
  BOOST_REQUIRE(archives.size() == 2U);
  BOOST_TEST(archives[1].name == "volume/tmp");
  BOOST_TEST(archives[0].size.count == 9U);
  BOOST_TEST(archives[0].digest == "sha256:aa");

  scene.agent.snapshotted = {{{"app", Bytes{9}, "sha256:aa"}}, at(1'700'000'000'000'003), 87ms};
  const Snapshot snapshot =
      require(agent->snapshot(kOrder, {{kPod, {"app"}, "node-c", 5ms}, {Backend::kubelet, {"tmp"}}}));
  given = scene.agent.last();
  BOOST_TEST(given.what == "snapshot");
  BOOST_TEST(given.snapshot.freeze.pod.uid == "p-1");
  BOOST_TEST((given.snapshot.freeze.containers == std::vector<std::string>{"app"}));
  BOOST_TEST(given.snapshot.freeze.target_node == "node-c");
  BOOST_TEST(given.snapshot.freeze.limit.count() == 5);
  BOOST_TEST((given.snapshot.checkpoint.backend == Backend::kubelet));
  BOOST_TEST((given.snapshot.checkpoint.volumes == std::vector<std::string>{"tmp"}));
  BOOST_REQUIRE(snapshot.archives.size() == 1U);
  BOOST_TEST(snapshot.archives[0].digest == "sha256:aa");
  BOOST_TEST((snapshot.frozen_at == at(1'700'000'000'000'003)));
  BOOST_TEST(snapshot.frozen.count() == 87);

  scene.agent.record = {SourceState::snapshotted, std::nullopt, std::nullopt, ""};
  BOOST_TEST((require(agent->source_record(kOrder)).state == SourceState::snapshotted));
  scene.agent.record = {SourceState::committed, at(1), at(2), ""};
  record = require(agent->commit(kOrder));
  BOOST_TEST(scene.agent.last().what == "commit");
  BOOST_TEST((record.state == SourceState::committed));
  BOOST_TEST((record.ended_at == at(2)));
  scene.agent.record = {SourceState::thawed, at(1), at(3), "by itself: \xff no UTF-8", {"app", "side"}, at(4)};
  record = require(agent->thaw(kOrder, true));
  BOOST_TEST(scene.agent.last().target_never_ran);
  BOOST_TEST((record.state == SourceState::thawed));
  BOOST_TEST(record.message == "by itself: \xff no UTF-8");
  BOOST_TEST((record.lost == std::vector<std::string>{"app", "side"}));
  BOOST_TEST((record.clock == at(4)));
  scene.agent.record = {};
  record = require(agent->source_record(kOrder));
  BOOST_TEST(scene.agent.last().what == "source_record");
  BOOST_TEST((record.state == SourceState::none));
  BOOST_TEST(!record.frozen_at);
  scene.agent.yes = false;
  BOOST_TEST(!require(agent->source_is_gone(kOrder)));
  scene.agent.yes = true;
  BOOST_TEST(require(agent->source_is_gone(kOrder)));
}

BOOST_AUTO_TEST_CASE(what_is_asked_and_answered_about_the_target_arrives_whole) {
  Scene scene;
  const auto agent = scene.controller();
  require(agent->prepare(kOrder, {kPod, {"app", "side"}, 1'234ms}));
  auto given = scene.agent.last();
  BOOST_TEST(given.what == "prepare");
  BOOST_TEST((given.prepare.containers == std::vector<std::string>{"app", "side"}));
  BOOST_TEST(given.prepare.forecast.count() == 1'234);
  BOOST_TEST(given.prepare.pod.uid == "p-1");

  scene.agent.pulled = {20_MiB, 250ms};
  const PullFacts pulled = require(agent->pull(kOrder, {"node-a", "10.0.0.1:10960", {{"app", Bytes{9}, "sha256:aa"}}}));
  given = scene.agent.last();
  BOOST_TEST(given.pull.source_node == "node-a");
  BOOST_TEST(given.pull.source_address == "10.0.0.1:10960");
  BOOST_REQUIRE(given.pull.archives.size() == 1U);
  BOOST_TEST(given.pull.archives[0].digest == "sha256:aa");
  BOOST_TEST((pulled.bytes == 20_MiB));
  BOOST_TEST(pulled.duration.count() == 250);

  BOOST_TEST(!given.pull.as_image);
  BOOST_TEST(!pulled.offer.has_value());

  scene.agent.pulled.offer = {"127.0.0.1:10962/r", "u", "p", {{"app", "127.0.0.1:10962/r@sha256:aa"}}};
  const PullFacts offered = require(agent->pull(kOrder, {"node-a", "10.0.0.1:10960", {}, true, "orders-mig-abcde"}));
  given = scene.agent.last();
  BOOST_TEST(given.pull.as_image);
  BOOST_TEST(given.pull.host_name == "orders-mig-abcde");
  BOOST_REQUIRE(offered.offer.has_value());
  BOOST_TEST(offered.offer->password == "p");
  BOOST_REQUIRE(offered.offer->images.size() == 1U);
  BOOST_TEST(offered.offer->images[0].reference == "127.0.0.1:10962/r@sha256:aa");

  const RegistryAccess registry{"r.example/cp", "u", "p", "an authority"};
  PullOrder through{"node-a", "10.0.0.1:10960", {}, true};
  through.registry = registry;
  through.images = {{"app", "r.example/cp@sha256:aa", "sha256:bb", Bytes{7}}};
  (void)require(agent->pull(kOrder, through));
  given = scene.agent.last();
  BOOST_TEST(given.pull.registry.value().ca_pem == "an authority");
  BOOST_REQUIRE(given.pull.images.size() == 1U);
  BOOST_TEST(given.pull.images[0].id == "sha256:bb");

  require(agent->check_kubelet(kOrder, kPod));
  BOOST_TEST(scene.agent.last().what == "check_kubelet");
  BOOST_TEST(scene.agent.last().pod.name == "orders");
  require(agent->check_registry(kOrder, registry));
  BOOST_TEST(scene.agent.last().registry.password == "p");
  scene.agent.pushed = through.images;
  const auto pushed = require(agent->push(kOrder, {registry, true, "orders-mig-abcde"}));
  BOOST_TEST(scene.agent.last().push.host_name == "orders-mig-abcde");
  BOOST_TEST(scene.agent.last().push.registry.user == "u");
  BOOST_REQUIRE(pushed.size() == 1U);
  BOOST_TEST(pushed[0].reference == "r.example/cp@sha256:aa");
  BOOST_TEST(pushed[0].size.count == 7U);
  scene.agent.left = {"one \xc3", "two"};
  BOOST_TEST((require(agent->withdraw(kOrder, registry)) == scene.agent.left));

  require(agent->release(kOrder, {kPod, {"app"}, {"tmp"}}));
  given = scene.agent.last();
  BOOST_TEST(given.what == "release");
  BOOST_TEST(given.pod.name == "orders");
  BOOST_TEST((given.volumes == std::vector<std::string>{"tmp"}));

  scene.agent.restored = {{"app", RestoreState::used, "", std::nullopt, "id-app"},
                          {"side", RestoreState::failed, "criu: \xc3", false},
                          {"third", RestoreState::claimed, "", true}};
  const std::vector<RestoreState> known = {RestoreState::none,    RestoreState::prepared, RestoreState::waiting,
                                           RestoreState::claimed, RestoreState::used,     RestoreState::failed};
  const auto restored = require(agent->restore_states(kOrder, kPod, {"app", "side", "third"}, known));
  BOOST_TEST((scene.agent.last().known == known));
  BOOST_REQUIRE(restored.size() == 3U);
  BOOST_TEST((restored[0].state == RestoreState::used));
  BOOST_TEST(!restored[0].resumed);
  BOOST_TEST(restored[0].container_id == "id-app");
  BOOST_TEST(restored[1].container_id.empty());
  BOOST_TEST((restored[1].state == RestoreState::failed));
  BOOST_TEST(restored[1].message == "criu: \xc3");
  BOOST_TEST((restored[1].resumed == false));
  BOOST_TEST((restored[2].resumed == true));

  BOOST_TEST(require(agent->cancel(kOrder, kPod)));
  BOOST_TEST(scene.agent.last().what == "cancel");
  require(agent->clean_up(kOrder));
  BOOST_TEST(scene.agent.last().what == "clean_up");
}

BOOST_DATA_TEST_CASE(an_agents_error_keeps_its_kind_and_says_who_and_what, data::make(kKinds), given) {
  Scene scene;
  scene.agent.error = AgentError{given.kind, "because\nof \xff", 12};
  const auto answer = scene.controller()->commit(kOrder);
  BOOST_REQUIRE(!answer);
  BOOST_TEST(answer.error().term == (given.kind == Kind::stale ? 12 : 0));
  check_fails(answer, given.kind, "commit of shop/orders by the agent of node node-b at 127.0.0.1:");
  check_fails(answer, given.kind, "because\nof \xff");
  check_fails(scene.as(caller("agent/node-c"))->read_archive(kOrder, "app", [](std::string_view) { return true; }),
              given.kind, "because");
}

BOOST_AUTO_TEST_CASE(an_error_longer_than_headers_may_be_is_cut) {
  Scene scene;
  scene.agent.error = AgentError{Kind::failed, std::string(1 << 20, '\xe9')};
  const auto answer = scene.controller()->commit(kOrder);
  check_fails(answer, Kind::failed);
  BOOST_TEST(answer.error().message.size() > 8'000U);
}

BOOST_AUTO_TEST_CASE(an_archive_of_several_MiB_comes_in_bounded_pieces) {
  Scene scene;
  std::string all;
  for (int i = 0; i < 5; ++i)
    all += scene.agent.pieces.emplace_back(std::size_t{1} << 20, static_cast<char>('a' + i));
  all += scene.agent.pieces.emplace_back("end");
  std::string got;
  std::size_t largest = 0;
  require(scene.as(caller("agent/node-c"))->read_archive(kOrder, "volume/tmp", [&](std::string_view piece) {
    largest = std::max(largest, piece.size());
    got += piece;
    return true;
  }));
  BOOST_TEST((got == all));
  BOOST_TEST(largest == std::size_t{256} << 10);
  BOOST_TEST(scene.agent.last().archive == "volume/tmp");
  BOOST_TEST(scene.agent.last().peer == "agent/node-c");
}

BOOST_AUTO_TEST_CASE(a_reader_that_has_enough_ends_the_stream_well) {
  Scene scene;
  scene.agent.pieces.assign(64, std::string(std::size_t{1} << 20, 'x'));
  int pieces = 0;
  require(scene.controller()->read_archive(kOrder, "app", [&](std::string_view) { return ++pieces < 3; }));
  BOOST_TEST(pieces == 3);
}

BOOST_AUTO_TEST_CASE(an_archive_that_breaks_off_is_an_error_after_its_pieces) {
  Scene scene;
  scene.agent.pieces = {"some"};
  scene.agent.error = AgentError{Kind::failed, "disk"};
  std::string got;
  check_fails(scene.controller()->read_archive(kOrder, "app",
                                               [&](std::string_view piece) {
                                                 got += piece;
                                                 return true;
                                               }),
              Kind::failed, "disk");
  BOOST_TEST(got == "some");
}

// X.520 allows a common name 64 characters, and TLS a server's name 255.
BOOST_AUTO_TEST_CASE(nodes_may_have_long_names) {
  for (const std::size_t length : {58U, 59U, 227U, 253U}) {
    const std::string node(length, 'n');
    const Instant now = SystemClock{}.now();
    const auto ca = value_or_fatal(certificates::make_authority(now));
    const auto made =
        value_or_fatal(certificates::issue(ca, {"agent/" + node, {certificates::agent_dns_name(node)}, {}}, now));
    const TlsIdentity identity{ca.certificate_pem, made.certificate_pem, made.key_pem};
    FakeAgent agent;
    const auto server = value_or_fatal(AgentServer::start("127.0.0.1", 0, identity, agent));
    const auto remote = connect_agent("127.0.0.1:" + std::to_string(server->port()), node, identity);
    require(remote->read_archive(kOrder, "app", [](std::string_view) { return true; }));
    BOOST_TEST(agent.last().peer == "agent/" + node);
  }
}

BOOST_AUTO_TEST_CASE(an_agent_may_read_archives_and_order_nothing) {
  Scene scene;
  const auto agent = scene.as(caller("agent/node-c"));
  const std::string says = "'agent/node-c', as the caller's certificate names it, may not order this";
  check_fails(agent->inspect(kOrder, kPod, {}, {}), Kind::refused, says);
  check_fails(agent->freeze(kOrder, {}), Kind::refused, says);
  check_fails(agent->checkpoint(kOrder, {}), Kind::refused, says);
  check_fails(agent->snapshot(kOrder, {}), Kind::refused, says);
  check_fails(agent->commit(kOrder), Kind::refused, says);
  check_fails(agent->thaw(kOrder, true), Kind::refused, says);
  check_fails(agent->source_record(kOrder), Kind::refused, says);
  check_fails(agent->source_is_gone(kOrder), Kind::refused, says);
  check_fails(agent->prepare(kOrder, {}), Kind::refused, says);
  check_fails(agent->pull(kOrder, {}), Kind::refused, says);
  check_fails(agent->release(kOrder, {}), Kind::refused, says);
  check_fails(agent->restore_states(kOrder, kPod, {}, {}), Kind::refused, says);
  check_fails(agent->cancel(kOrder, kPod), Kind::refused, says);
  check_fails(agent->clean_up(kOrder), Kind::refused, says);
  BOOST_TEST(scene.agent.orders().empty());
  require(agent->read_archive(kOrder, "app", [](std::string_view) { return true; }));
}

BOOST_AUTO_TEST_CASE(any_other_certificate_of_our_authority_may_nothing) {
  Scene scene;
  for (const char* name : {"extender", "agent", "Controller", "controller/x", ""}) {
    const auto agent = scene.as(caller(name));
    check_fails(agent->commit(kOrder), Kind::refused);
    check_fails(agent->read_archive(kOrder, "app", [](std::string_view) { return true; }), Kind::refused);
  }
  BOOST_TEST(scene.agent.orders().empty());
}

BOOST_AUTO_TEST_CASE(a_migration_whose_uid_is_no_uid_is_refused_before_the_agent_sees_it) {
  Scene scene;
  const auto agent = scene.controller();
  for (const std::string& uid : {std::string{}, std::string{"../x"}, std::string{"a/b"}, std::string(129, 'a')})
    check_fails(agent->clean_up({uid, "shop/orders", 1}), Kind::precondition);
  BOOST_TEST(scene.agent.orders().empty());
}

BOOST_AUTO_TEST_CASE(strangers_are_not_spoken_to) {
  Scene scene;
  // A caller whom another authority of the same name certifies, but who knows ours.
  TlsIdentity impostor = caller("controller", foreign());
  impostor.ca_pem = ours().pem();
  check_fails(scene.as(impostor)->commit(kOrder), Kind::unreachable);
  // A caller without any certificate.
  check_fails(scene.as({ours().pem(), "", ""})->commit(kOrder), Kind::unreachable);
  // An agent of another authority, and another node's agent.
  check_fails(scene.as(caller("controller", foreign()))->commit(kOrder), Kind::unreachable);
  check_fails(scene.as(caller("controller"), "node-a")->commit(kOrder), Kind::unreachable);
  BOOST_TEST(scene.agent.orders().empty());
}

BOOST_AUTO_TEST_CASE(nothing_older_than_TLS_1_3_is_spoken) {
  Scene scene;
  BOOST_TEST(shakes_hands(scene.server->port(), TLS1_3_VERSION));
  BOOST_TEST(!shakes_hands(scene.server->port(), TLS1_2_VERSION));
}

BOOST_AUTO_TEST_CASE(an_agent_that_is_not_there_is_reported_at_once) {
  std::string address;
  {
    const Scene scene;
    address = scene.address();
  }
  const auto began = steady_clock::now();
  check_fails(connect_agent(address, "node-b", caller("controller"))->commit(kOrder), Kind::unreachable,
              "commit of shop/orders by the agent of node node-b at " + address);
  BOOST_TEST((steady_clock::now() - began < 2s));
}

BOOST_AUTO_TEST_CASE(an_agent_that_comes_back_is_found_again) {
  FakeAgent fake;
  auto server = value_or_fatal(AgentServer::start("127.0.0.1", 0, server_of("node-b"), fake));
  const std::uint16_t port = server->port();
  const auto agent = connect_agent("127.0.0.1:" + std::to_string(port), "node-b", caller("controller"));
  require(agent->clean_up(kOrder));
  server.reset();
  check_fails(agent->clean_up(kOrder), Kind::unreachable);
  server = value_or_fatal(AgentServer::start("127.0.0.1", port, server_of("node-b"), fake));
  const auto limit = steady_clock::now() + 5s;
  while (!agent->clean_up(kOrder) && steady_clock::now() < limit)
    std::this_thread::sleep_for(20ms);
  require(agent->clean_up(kOrder));
}

// The kernel of a stopped process goes on taking connections, in which nobody answers.
BOOST_AUTO_TEST_CASE(an_agent_that_slept_while_it_was_called_is_found_again) {
  FakeAgent fake;
  const std::uint16_t port = value_or_fatal(AgentServer::start("127.0.0.1", 0, server_of("node-b"), fake))->port();
  const int sleeper = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(sleeper, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_port = htons(port);
  place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  BOOST_REQUIRE(::bind(sleeper, reinterpret_cast<const sockaddr*>(&place), sizeof place) == 0);
  BOOST_REQUIRE(::listen(sleeper, 16) == 0);

  const auto agent = connect_agent("127.0.0.1:" + std::to_string(port), "node-b", caller("controller"));
  for (int call = 0; call < 2; ++call)
    check_fails(agent->clean_up(kOrder), Kind::unreachable);
  ::close(sleeper);
  const auto server = value_or_fatal(AgentServer::start("127.0.0.1", port, server_of("node-b"), fake));
  require(agent->clean_up(kOrder));
}

BOOST_AUTO_TEST_CASE(a_call_ends_when_its_time_is_over) {
  Scene scene;
  std::atomic<bool> stopped{false};
  scene.agent.during = [&](const Call& call) {
    while (!call.stop.stop_requested())
      std::this_thread::sleep_for(5ms);
    stopped = true;
  };
  Call call;
  call.timeout = 200ms;
  const auto began = steady_clock::now();
  check_fails(scene.controller()->commit(kOrder, call), Kind::unreachable, "no answer within 200 ms");
  BOOST_TEST((steady_clock::now() - began < 5s));
  scene.server.reset();
  BOOST_TEST(stopped.load());
}

BOOST_AUTO_TEST_CASE(a_long_poll_is_answered_when_its_time_is_over) {
  Scene scene;
  scene.agent.restored = {{"app", RestoreState::waiting, "", std::nullopt}};
  scene.agent.during = [](const Call& call) { std::this_thread::sleep_for(call.timeout); };
  Call call;
  call.timeout = 100ms;
  const auto states = require(scene.controller()->restore_states(kOrder, kPod, {"app"}, {RestoreState::waiting}, call));
  BOOST_TEST(states.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_cancelled_call_returns_and_the_agent_is_told) {
  Scene scene;
  std::atomic<bool> begun{false};
  std::atomic<bool> told{false};
  scene.agent.during = [&](const Call& call) {
    begun = true;
    for (int i = 0; i < 1'000 && !call.stop.stop_requested(); ++i)
      std::this_thread::sleep_for(5ms);
    told = call.stop.stop_requested();
  };
  std::stop_source stop;
  Call call;
  call.stop = stop.get_token();
  std::jthread canceller{[&] {
    while (!begun)
      std::this_thread::sleep_for(1ms);
    stop.request_stop();
  }};
  check_fails(scene.controller()->restore_states(kOrder, kPod, {}, {}, call), Kind::cancelled, "cancelled");
  for (int i = 0; i < 1'000 && !told; ++i)
    std::this_thread::sleep_for(5ms);
  BOOST_TEST(told.load());
  // A call that is cancelled beforehand is not made.
  const std::size_t before = scene.agent.orders().size();
  check_fails(scene.controller()->commit(kOrder, call), Kind::cancelled);
  BOOST_TEST(scene.agent.orders().size() == before);
}

BOOST_AUTO_TEST_CASE(a_server_that_ends_stops_its_calls) {
  Scene scene;
  std::atomic<bool> begun{false};
  scene.agent.during = [&](const Call& call) {
    begun = true;
    while (!call.stop.stop_requested())
      std::this_thread::sleep_for(5ms);
  };
  scene.agent.error = AgentError{Kind::cancelled, "stopped"};
  std::jthread ender{[&] {
    while (!begun)
      std::this_thread::sleep_for(1ms);
    scene.server.reset();
  }};
  check_fails(scene.controller()->commit(kOrder), Kind::unreachable);
}

BOOST_AUTO_TEST_CASE(a_renewed_certificate_serves_new_connections_and_does_not_cut_old_ones) {
  Scene scene;
  const auto old = scene.controller();
  require(old->clean_up(kOrder));
  // As another node, so that it can be told apart.
  scene.server->renew(server_of("node-z"));
  require(old->clean_up(kOrder));
  require(scene.as(caller("controller"), "node-z")->clean_up(kOrder));
  check_fails(scene.controller()->clean_up(kOrder), Kind::unreachable);
  // What cannot work is not taken.
  scene.server->renew({ours().pem(), "no certificate", "no key"});
  require(scene.as(caller("controller"), "node-z")->clean_up(kOrder));
}

BOOST_AUTO_TEST_CASE(a_server_that_cannot_start_says_where) {
  const Scene scene;
  FakeAgent other;
  const auto second = AgentServer::start("127.0.0.1", scene.server->port(), server_of("node-b"), other);
  BOOST_REQUIRE(!second);
  BOOST_TEST(second.error().message.find("127.0.0.1 port " + std::to_string(scene.server->port())) !=
             std::string::npos);
  const auto keyless = AgentServer::start("127.0.0.1", 0, {ours().pem(), "", ""}, other);
  BOOST_TEST(!keyless);
}

BOOST_AUTO_TEST_SUITE_END()
