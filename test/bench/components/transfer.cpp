#include "test/bench/components/transfer.h"

#include <fmt/format.h>

#include <chrono>

#include "shared/agent_api/remote_agent.h"
#include "test/bench/components/tls_loopback.h"
#include "test/fakes/agent.h"

namespace bench {
namespace {

using namespace migrate;

constexpr int kTimes = 11;
constexpr int kPieces = 256;
constexpr std::size_t kPiece = 1U << 20;

agent::TlsIdentity identity_of(const Identities& identities, const std::string& common_name) {
  const auto pair = identities.issue(common_name);
  return {identities.authority_pem(), pair.certificate_pem, pair.key_pem};
}

}  // namespace

void measure_transfer(const Tell& tell) {
  const Identities identities;
  const std::string piece(kPiece, 'x');

  test::FakeAgent source;
  source.pieces.assign(kPieces, piece);
  const auto server =
      value_or_fatal(agent::AgentServer::start("127.0.0.1", 0, identity_of(identities, "agent/node-a"), source));
  const auto target = agent::connect_agent(fmt::format("127.0.0.1:{}", server->port()), "node-a",
                                           identity_of(identities, "agent/node-b"));
  const agent::Order order{"uid-1", "shop/orders", 1};
  const auto fetch = [&] {
    std::size_t came = 0;
    const auto read = target->read_archive(order, "main",
                                           [&](std::string_view bytes) {
                                             came += bytes.size();
                                             return true;
                                           },
                                           {});
    if (!read) throw Fatal("read an archive from an agent: " + read.error().message);
    if (came != kPieces * kPiece) throw Fatal(fmt::format("an agent sent {} bytes, not what it has", came));
  };
  fetch();  // the connection is made
  const auto took = times_of(kTimes, fetch);

  std::vector<double> raw;
  const auto identity = identities.issue("agent/node-a");
  for (int i = 0; i < kTimes; ++i)
    raw.push_back(raw_transfer(identity, piece, kPieces));
  tell({"transfer between agents", fmt::format("{} MiB", kPieces * kPiece >> 20), "ms", spread99_of(took),
        "bare TLS socket", spread99_of(raw)});
}

}  // namespace bench
