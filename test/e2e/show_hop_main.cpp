// What test/demo shows: a consumer under load continues on another node, twice, and what the audit says of it.
#include <fmt/format.h>

#include <chrono>

#include "shared/base/main.h"
#include "test/e2e/hop.h"

namespace {

using namespace harness;

class Telling {
 public:
  void operator()(const std::string& line) const {
    const auto ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began_).count();
    fmt::print("{:7.2f} s  {}\n", static_cast<double>(ms) / 1000, line);
    std::fflush(stdout);
  }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

void tell_state(const Orders& orders, const ConsumerSpec& consumer, const Telling& tell) {
  const auto state = orders.state(consumer.pod);
  tell(fmt::format("{} on {}: {} orders handled, sum {}, digest {}…, {} MiB of memory {}", consumer.pod, consumer.node,
                   state.at("count").get<std::uint64_t>(), state.at("sum").get<std::int64_t>(),
                   state.at("digest").get<std::string>().substr(0, 12),
                   state.at("memory").at("bytes").get<std::uint64_t>() >> 20,
                   state.at("memory").at("intact") == true ? "intact" : "DAMAGED"));
}

int show() {
  const Telling tell;
  const Cluster cluster;
  const Namespace ns{cluster, "demo"};
  prepare_for_hops(cluster, ns);
  Orders orders{cluster, ns};
  const ConsumerSpec stops[] = {{"orders", "node-a"}, {"orders-second", "node-b"}, {"orders-third", "node-c"}};

  const ProducerSpec load;
  orders.start(stops[0], load);
  tell(fmt::format("two producers send {} orders a second together; the consumer keeps its state in memory only",
                   2 * load.per_second));
  eventually("the first orders", [&] { return orders.state(stops[0].pod).at("count").get<std::uint64_t>() >= 60; });
  tell_state(orders, stops[0], tell);

  for (const auto& [way, from, to] : {std::tuple{Way::runtime, 0, 1}, {Way::image, 1, 2}}) {
    fmt::print("\n");
    hop(cluster, orders, ns, {way, stops[from], stops[to]}, tell);
    tell_state(orders, stops[to], tell);
  }

  fmt::print("\n");
  tell("waiting for the last order …");
  const Verdict verdict = orders.judge(stops[2].pod);
  tell_state(orders, stops[2], tell);
  fmt::print("\n{}", verdict.report);
  return verdict.clean ? 0 : 1;
}

}  // namespace

int main() {
  return migrate::run_main("show-hop", show);
}
