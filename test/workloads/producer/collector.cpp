#include "test/workloads/producer/collector.h"

namespace orders {
namespace {

using migrate::Result;
using namespace std::chrono_literals;

constexpr auto kListen = 100ms;
constexpr auto kPause = 200ms;

Result<void> collect_from(ResultsLink& link, const CollectorWorld& world, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    auto message = link.receive(kListen);
    if (!message) return tl::make_unexpected(message.error());
    if (!*message) continue;
    if (auto result = parse_result((*message)->body, (*message)->id))
      world.keep({*result, world.now()});
    else
      world.complain(result.error().message);
    if (auto done = link.acknowledge((*message)->delivery_tag); !done) return done;
  }
  return {};
}

}  // namespace

void collect_results(Opener<ResultsLink>& broker, const CollectorWorld& world, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    auto link = broker.open();
    Result<void> ended;
    if (link) {
      world.ready();
      ended = collect_from(**link, world, stop);
    } else {
      ended = tl::make_unexpected(link.error());
    }
    if (ended) return;
    world.complain("collect results: " + ended.error().message);
    world.wait(kPause);
  }
}

}  // namespace orders
