// orders-consumer: a stateful consumer as users write them, and the example of one that can be migrated.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <thread>

#include "shared/base/main.h"
#include "shared/http_server/server.h"
#include "test/workloads/consumer/consumer.h"
#include "test/workloads/consumer/memory_block.h"
#include "test/workloads/consumer/report.h"
#include "test/workloads/core/process.h"

namespace {

using namespace std::chrono_literals;

orders::ConsumerWorld real_world() {
  orders::ConsumerWorld world;
  world.pod = orders::host_name;
  world.control_queue = orders::control_queue_name;
  world.now = orders::now_microseconds;
  world.steady_now = std::chrono::steady_clock::now;
  world.wait = [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); };
  // Nobody reads our log: not a reason to stop consuming.
  world.log = [](const orders::Handled& handled) { orders::write_line(to_line(handled), STDOUT_FILENO); };
  world.complain = [](const std::string& text) { orders::write_line("orders-consumer: " + text, STDERR_FILENO); };
  return world;
}

// As the product expands its annotation, with the host name as it is now.
std::string with_host_name(std::string text) {
  constexpr std::string_view kWord = "{hostname}";
  if (const std::size_t at = text.find(kWord); at != std::string::npos)
    text.replace(at, kWord.size(), orders::host_name());
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  return migrate::run_main("orders-consumer", [&] {
    CLI::App app{"Consumes orders, keeps what they add up to in memory, publishes a result for each."};
    std::string url = "amqp://guest:guest@rabbitmq.rabbitmq:5672/";
    orders::Topology topology;
    orders::ConsumerOptions options;
    std::uint64_t memory_mib = 20;
    int service_ms = 50;
    bool no_idempotency = false;
    std::string control_queue;
    std::string address = "0.0.0.0";
    std::uint16_t port = 8080;
    app.add_option("--amqp-url", url, "Broker")->envname("AMQP_URL");
    app.add_option("--exchange", topology.exchange, "Exchange the orders come from")->envname("EXCHANGE");
    app.add_option("--exchange-type", topology.exchange_type, "fanout, direct, topic or headers")
        ->envname("EXCHANGE_TYPE");
    app.add_option("--routing-key", topology.routing_key, "Key the queue is bound with")->envname("ROUTING_KEY");
    app.add_option("--queue", topology.queue, "Queue to consume")->envname("QUEUE");
    app.add_option("--queue-type", topology.queue_type, "classic or quorum")->envname("QUEUE_TYPE");
    app.add_option("--results-exchange", topology.results_exchange, "Where results go")->envname("RESULTS_EXCHANGE");
    app.add_option("--service-time-ms", service_ms, "Work for each message, in milliseconds")
        ->envname("SERVICE_TIME_MS")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--prefetch", options.prefetch, "Messages delivered ahead")
        ->envname("PREFETCH")
        ->check(CLI::Range(1, 65535));
    app.add_option("--memory-mib", memory_mib, "Size of the memory block")->envname("MEMORY_MIB");
    app.add_flag("--no-idempotency", no_idempotency, "Apply every delivery, also repeated ones")
        ->envname("NO_IDEMPOTENCY");
    app.add_option(
           "--control-queue", control_queue,
           "Look into this queue in place of ms2m.control.HOSTNAME; {hostname} in it is expanded at each connect")
        ->envname("CONTROL_QUEUE");
    app.add_option("--http-port", port, "Port of /state, /metrics, /healthz")->envname("HTTP_PORT");
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app.exit(error) == 0 ? 0 : 2;
    }
    options.queue = topology.queue;
    options.service_time = std::chrono::milliseconds(service_ms);
    options.idempotency = no_idempotency ? orders::Idempotency::no : orders::Idempotency::yes;

    const orders::StopSignals stop;
    const orders::MemoryBlock memory{{memory_mib << 20}};
    const auto broker = orders::rabbitmq_broker(url, topology);
    orders::ConsumerWorld world = real_world();
    if (!control_queue.empty()) world.control_queue = [&] { return with_host_name(control_queue); };
    orders::Consumer consumer{*broker, options, std::move(world)};
    const auto answer = [&](const migrate::http::Request& request) -> migrate::http::Response {
      const auto state = [&](std::optional<bool> intact) {
        return orders::state_json(consumer.status(), orders::host_name(), orders::now_microseconds(), memory.size(),
                                  intact) +
               "\n";
      };
      if (request.target == "/healthz") return {200, "text/plain", "ok\n"};
      if (request.target == "/state") return {200, "application/json", state(memory.verify())};
      if (request.target == "/state?memory=skip") return {200, "application/json", state({})};
      if (request.target == "/metrics") return {200, "text/plain; version=0.0.4", metrics_text(consumer.status())};
      return {404, "text/plain", "there are /state, /state?memory=skip, /metrics and /healthz\n"};
    };
    const auto server = migrate::value_or_fatal(migrate::http::Server::start(address, port, answer));
    consumer.run(stop.token());
    return 0;
  });
}
