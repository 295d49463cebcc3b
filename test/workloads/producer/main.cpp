// orders-producer: publishes orders, records what became of each, and collects the results if asked to.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <future>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <variant>

#include "shared/base/main.h"
#include "shared/http_server/server.h"
#include "test/workloads/core/process.h"
#include "test/workloads/producer/collector.h"
#include "test/workloads/producer/line_book.h"
#include "test/workloads/producer/producer.h"

namespace {

using migrate::http::Request;
using migrate::http::Response;

struct Options {
  std::string url = "amqp://guest:guest@rabbitmq.rabbitmq:5672/";
  orders::PublishTopology topology;
  orders::ProducerOptions producer;
  std::string record = "-";
  bool collect_results = false;
  orders::ResultsTopology results_topology;
  std::string results;
  std::uint16_t http_port = 0;
};

// Parsed, or the exit code.
std::variant<Options, int> parse(int argc, char** argv) {
  CLI::App app{"Publishes orders with publisher confirms and records what became of each."};
  Options options;
  orders::ScheduleOptions& schedule = options.producer.schedule;
  // Unique for each run: a second run under the same name would repeat message ids.
  options.producer.name = orders::host_name() + "." + std::to_string(orders::now_microseconds() / 1'000'000);
  std::uint64_t count = 0;
  std::uint64_t duration_ms = 0;
  std::string spacing = "even";
  app.add_option("--amqp-url", options.url, "Broker")->envname("AMQP_URL");
  app.add_option("--exchange", options.topology.exchange, "Exchange to publish to")->envname("EXCHANGE");
  app.add_option("--exchange-type", options.topology.exchange_type, "fanout, direct, topic or headers")
      ->envname("EXCHANGE_TYPE");
  app.add_option("--routing-key", options.topology.routing_key, "Key of every message")->envname("ROUTING_KEY");
  app.add_option("--name", options.producer.name, "First part of producers' names and message ids")->envname("NAME");
  app.add_option("--producers", schedule.producers, "Logical producers")
      ->envname("PRODUCERS")
      ->check(CLI::Range(1, 10000));
  app.add_option("--rate", schedule.rate.per_second, "Messages per second of each producer")
      ->envname("RATE")
      ->check(CLI::Range(0.001, 100000.0));
  app.add_option("--spacing", spacing, "even or poisson")
      ->envname("SPACING")
      ->check(CLI::IsMember({"even", "poisson"}));
  app.add_option("--seed", schedule.seed, "Of times and values: equal seeds make equal runs")->envname("SEED");
  app.add_option("--count", count, "End after so many messages of all producers together (0: no such end)")
      ->envname("COUNT");
  app.add_option("--duration-ms", duration_ms, "End after so many milliseconds (0: no such end)")
      ->envname("DURATION_MS");
  app.add_option("--record", options.record, "File for the record, - for standard output")->envname("RECORD");
  app.add_flag("--collect-results", options.collect_results, "Collect results from before the first message on")
      ->envname("COLLECT_RESULTS");
  app.add_option("--results-exchange", options.results_topology.exchange, "Fanout exchange results come from")
      ->envname("RESULTS_EXCHANGE");
  app.add_option("--results-queue", options.results_topology.queue, "Durable queue to collect them in")
      ->envname("RESULTS_QUEUE");
  app.add_option("--results", options.results, "File for collected results")->envname("RESULTS");
  app.add_option("--http-port", options.http_port, "Port of /record, /results, /status, /stop (0: none)")
      ->envname("HTTP_PORT");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  schedule.spacing = spacing == "even" ? orders::Spacing::even : orders::Spacing::poisson;
  if (count > 0) options.producer.count = count;
  if (duration_ms > 0) options.producer.duration = std::chrono::milliseconds(duration_ms);
  return options;
}

void complain(const std::string& text) {
  orders::write_line("orders-producer: " + text, STDERR_FILENO);
}

std::string status_json(const orders::ProducerStatus& status, const orders::LineBook& record,
                        const orders::LineBook& results) {
  nlohmann::json json{{"sent", status.sent},
                      {"settled", status.settled},
                      {"unconfirmed", status.unconfirmed},
                      {"maxLatenessMicroseconds", status.max_lateness},
                      {"connected", status.connected},
                      {"finished", status.finished}};
  for (const orders::LineBook* book : {&record, &results})
    if (auto health = book->health(); !health) json["errors"].push_back(health.error().message);
  return json.dump() + "\n";
}

// Collects until the end of its life, beginning with its construction: then the queue is bound.
class Collecting {
 public:
  Collecting(orders::Opener<orders::ResultsLink>& broker, orders::LineBook& results, const std::stop_token& stop) {
    orders::CollectorWorld world;
    world.now = orders::now_microseconds;
    world.wait = [](auto time) { std::this_thread::sleep_for(time); };
    world.ready = [this] { std::call_once(once_, [this] { ready_.set_value(); }); };
    world.keep = [&results](const orders::Collected& collected) { results.append(to_line(collected)); };
    world.complain = complain;
    thread_ = std::jthread([&broker, world](const std::stop_token& end) { collect_results(broker, world, end); });
    using namespace std::chrono_literals;
    auto bound = ready_.get_future();
    while (bound.wait_for(100ms) != std::future_status::ready && !stop.stop_requested())
      continue;
  }

 private:
  std::once_flag once_;
  std::promise<void> ready_;
  std::jthread thread_;  // last: it is joined before what it uses goes
};

int run(const Options& options) {
  const orders::StopSignals signals;
  std::stop_source stop;  // of publishing: by signal or by POST /stop
  const std::stop_callback forward{signals.token(), [&] { stop.request_stop(); }};

  auto record = migrate::value_or_fatal(orders::LineBook::open(options.record));
  auto results = migrate::value_or_fatal(orders::LineBook::open(options.results));
  orders::ProducerWorld world;
  world.now = orders::now_microseconds;
  world.wait = [](auto time) { std::this_thread::sleep_for(time); };
  world.record = [&](const orders::Sent& sent) { record.append(to_line(sent)); };
  world.complain = complain;
  const auto publisher = orders::rabbitmq_publisher(options.url, options.topology);
  orders::Producer producer{*publisher, options.producer, world};

  const auto answer = [&](const Request& request) -> Response {
    const bool get = request.method == "GET";
    if (get && request.target == "/healthz") return {200, "text/plain", "ok\n"};
    if (get && request.target == "/record") return {200, "application/x-ndjson", record.text()};
    if (get && request.target == "/results") return {200, "application/x-ndjson", results.text()};
    if (get && request.target == "/status")
      return {200, "application/json", status_json(producer.status(), record, results)};
    if (request.method == "POST" && request.target == "/stop") {
      stop.request_stop();
      return {202, "text/plain", "stopping; /status says when everything is recorded\n"};
    }
    return {404, "text/plain", "there are GET /record, /results, /status, /healthz and POST /stop\n"};
  };
  std::unique_ptr<migrate::http::Server> server;
  if (options.http_port != 0)
    server = migrate::value_or_fatal(migrate::http::Server::start("0.0.0.0", options.http_port, answer));

  const auto results_source = orders::rabbitmq_results(options.url, options.results_topology);
  std::optional<Collecting> collecting;
  if (options.collect_results) collecting.emplace(*results_source, results, stop.get_token());
  producer.run(stop.get_token());

  // Somebody may still want to read, and results may still arrive.
  while ((server || collecting) && !signals.token().stop_requested())
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
  collecting.reset();
  migrate::value_or_fatal(record.health());
  migrate::value_or_fatal(results.health());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return migrate::run_main("orders-producer", [&] {
    const auto parsed = parse(argc, argv);
    if (const int* exit_code = std::get_if<int>(&parsed)) return *exit_code;
    return run(std::get<Options>(parsed));
  });
}
