#include "test/bench/components/extender_answers.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "test/bench/components/tls_loopback.h"
#include "test/bench/scheduler_question.h"
#include "test/unit/extender/whole_extender.h"

namespace bench {
namespace {

using namespace migrate;
using namespace migrate::extender;

constexpr int kTimes = 1000;

class NoLog final : public Log {
 public:
  void write(LogLevel, std::string_view, const LogFields&) override {}
};

class Extender {
 public:
  Extender(const certificates::KeyPair& identity, int nodes) {
    extender_.sync();
    extender_.know(migration_being_placed());
    for (int i = 0; i < nodes; ++i)
      extender_.know(node_facts(i, extender_.clock.time));
    server_ = value_or_fatal(http::Server::start(
        "127.0.0.1", 0, [this](const http::Request& request) { return extender_.routes.answer(request); },
        server_limits(), http::ServerCertificate{identity.certificate_pem, identity.key_pem}));
  }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }

 private:
  WholeExtender<NoLog> extender_;
  std::unique_ptr<http::Server> server_;  // last: it uses the other
};

// An error comes as a 200, too; here it would be a measurement of nothing.
void check_answer(const std::string& answer) {
  const auto json = nlohmann::json::parse(answer);
  if (json.is_object() && json.value("Error", "") != "")
    throw Fatal("the extender cannot answer its own benchmark: " + json.value("Error", ""));
}

}  // namespace

void measure_extender_answers(const Tell& tell) {
  const Identities identities;
  const auto identity = identities.issue("extender");
  const EchoServer echo{identity};
  for (const int nodes : {100, 1'000, 5'000}) {
    const Extender extender{identity, nodes};
    HttpsConnection to_extender{extender.port()};
    for (const auto& [asked, whose] :
         {std::pair{Asked::about_a_migration, "a migration's Pod"}, {Asked::about_anybody, "anybody's Pod"}}) {
      const std::string question = scheduler_question(asked, nodes);
      const std::string with = fmt::format("{} nodes, {}", nodes, whose);
      // The echo serves one connection at a time.
      HttpsConnection to_echo{echo.port()};
      const auto bare = times_of(kTimes, [&] { (void)to_echo.post("/filter", question); });
      for (const char* path : {"/filter", "/prioritize"}) {
        check_answer(to_extender.post(path, question));
        const auto took = times_of(kTimes, [&] { (void)to_extender.post(path, question); });
        tell(
            {std::string{"extender "} + path, with, "ms", spread99_of(took), "Beast echo over TLS", spread99_of(bare)});
        tell({std::string{"extender "} + path, with, "answers/s", per_second(took), "Beast echo over TLS",
              per_second(bare)});
      }
    }
  }
}

}  // namespace bench
