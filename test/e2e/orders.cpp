#include "test/e2e/orders.h"

#include <fmt/format.h>

#include <stdexcept>

namespace harness {
namespace {

using Json = nlohmann::json;
using migrate::test::TemporaryFolder;

constexpr int kConsumerPort = 8080;
constexpr int kProducerPort = 8081;
constexpr std::chrono::seconds kAtRest{3};

// A file that does not compress, written once.
std::string ballast_file(const TemporaryFolder& folder, int mib) {
  std::string path = (folder / "ballast").string();
  must({"dd", "if=/dev/urandom", "of=" + path, "bs=1M", fmt::format("count={}", mib), "status=none"});
  return path;
}

std::string push_image(const Cluster& cluster, int ballast_mib) {
  const TemporaryFolder folder;
  Words write{program("oci-image").string()};
  Words sums{"sha256sum"};
  for (const char* name : {"orders-consumer", "orders-producer"}) {
    const std::string path = program(name).string();
    sums.push_back(path);
    write.insert(write.end(), {"--file", fmt::format("{}=/bin/{}:0755", path, name)});
  }
  std::string tag = must({"sha256sum"}, must(sums)).substr(0, 12);
  if (ballast_mib > 0) {
    tag += fmt::format("-{}", ballast_mib);
    write.insert(write.end(),
                 {"--file", ballast_file(folder, ballast_mib) + "=/ballast:0644", "--compression", "none"});
  }
  std::string name = "registry.test/orders:" + tag;
  const std::string archive = (folder / "orders.tar").string();
  write.insert(write.end(), {"--name", name, archive});
  must(write);
  cluster.must({"push", archive});
  return name;
}

// Pushed once by a program: what is in it does not change meanwhile, and the next one's ballast would be another.
const std::string& pushed_image(const Cluster& cluster, int ballast_mib) {
  static std::map<int, std::string> names;
  const auto found = names.find(ballast_mib);
  if (found != names.end()) return found->second;
  return names.emplace(ballast_mib, push_image(cluster, ballast_mib)).first->second;
}

std::string python_image(const Cluster& cluster) {
  std::string name = cluster.must({"python-image"});
  while (!name.empty() && name.back() == '\n')
    name.pop_back();
  return name;
}

Json container(const std::string& image, const Words& command, int port) {
  return {{"name", "main"},
          {"image", image},
          {"command", command},
          {"ports", {{{"containerPort", port}}}},
          {"readinessProbe", {{"httpGet", {{"path", "/healthz"}, {"port", port}}}, {"periodSeconds", 1}}}};
}

Json pod(const std::string& ns, const std::string& name, Json main_container) {
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", {{"name", name}, {"namespace", ns}, {"labels", {{"app", name}}}}},
          {"spec", {{"terminationGracePeriodSeconds", 1}, {"containers", Json::array({std::move(main_container)})}}}};
}

migrate::Completed run(const Words& argv) {
  migrate::Command command;
  command.argv = argv;
  auto completed = migrate::SystemProcesses{}.run(command);
  if (!completed) throw std::runtime_error(completed.error().message);
  return std::move(*completed);
}

void add_route(Json& made, const Route& route) {
  Json& command = made["spec"]["containers"][0]["command"];
  for (const auto& [option, value] : {std::pair{"--exchange-type", route.exchange_type},
                                      {"--routing-key", route.routing_key},
                                      {"--amqp-url", route.amqp_url}})
    if (!value.empty()) {
      command.push_back(option);
      command.push_back(value);
    }
}

}  // namespace

std::string put(const TemporaryFolder& folder, const std::string& name, const std::string& content) {
  migrate::test::write_text(folder / name, content);
  return (folder / name).string();
}

Orders::Orders(const Cluster& cluster, const Namespace& ns, int ballast_mib)
    : cluster_(cluster), ns_(ns.name()), queue_(ns.name()), image_(pushed_image(cluster, ballast_mib)) {
  forget_queues();
}

Orders::Orders(const Orders& first, const std::string& lane)
    : cluster_(first.cluster_),
      ns_(first.ns_),
      queue_(first.queue_ + "." + lane),
      producer_("producer-" + lane),
      image_(first.image_) {}

void Orders::forget_queues() const {
  const std::string address = cluster_.field({"service", "rabbitmq", "-n", "rabbitmq"}, ".spec.clusterIP");
  for (const std::string& queue : {queue_, queue_ + ".results"})
    cluster_.on("node-a", {"curl", "-sS", "-u", "guest:guest", "-X", "DELETE",
                           fmt::format("http://{}:15672/api/queues/%2F/{}", address, queue)});
}

Json Orders::consumer_pod(const ConsumerSpec& spec) const {
  const bool python = spec.language == ConsumerSpec::Language::python;
  // Queue and exchanges are named after the namespace: the broker outlives a test.
  const std::string& queue = spec.queue.empty() ? queue_ : spec.queue;
  Json made = pod(ns_, spec.pod,
                  container(python ? python_image(cluster_) : image_,
                            {python ? "/app/orders_consumer.py" : "/bin/orders-consumer", "--queue", queue,
                             "--exchange", queue, "--results-exchange", queue + ".results", "--service-time-ms",
                             std::to_string(spec.service_ms), "--memory-mib", std::to_string(spec.memory_mib),
                             "--prefetch", std::to_string(spec.prefetch), "--http-port", std::to_string(kConsumerPort)},
                            kConsumerPort));
  if (spec.grace == ConsumerSpec::Grace::kubernetes_own) made["spec"].erase("terminationGracePeriodSeconds");
  add_route(made, spec.route);
  Json& command = made["spec"]["containers"][0]["command"];
  command.push_back("--queue-type");
  command.push_back(spec.queue_type);
  if (!spec.idempotent) command.push_back("--no-idempotency");
  if (spec.liveness_failures > 0)
    made["spec"]["containers"][0]["livenessProbe"] = {{"httpGet", {{"path", "/healthz"}, {"port", kConsumerPort}}},
                                                      {"periodSeconds", 2},
                                                      {"failureThreshold", spec.liveness_failures}};
  if (spec.placed == ConsumerSpec::Placed::by_name)
    made["spec"]["nodeName"] = spec.node;
  else
    made["spec"]["nodeSelector"] = {{"kubernetes.io/hostname", spec.node}};
  if (!spec.broker_secret.empty())
    made["metadata"]["annotations"] = {
        {"kubectl-migrate.dev/queue", spec.annotated_queue.empty() ? queue : spec.annotated_queue},
        {"kubectl-migrate.dev/broker-secret", spec.broker_secret}};
  if (!spec.control_queue.empty()) {
    command.push_back("--control-queue");
    command.push_back(spec.control_queue);
    made["metadata"]["annotations"]["kubectl-migrate.dev/control-queue"] = spec.annotated_control_queue;
  }
  if (!spec.service_time.empty())
    made["metadata"]["annotations"]["kubectl-migrate.dev/service-time"] = spec.service_time;
  return made;
}

void Orders::start(const ConsumerSpec& consumer, const ProducerSpec& producer) const {
  start(consumer_pod(consumer), producer);
}

void Orders::start(const Json& consumer, const ProducerSpec& producer) const {
  const auto name = consumer.at("metadata").at("name").get<std::string>();
  cluster_.apply(consumer);
  cluster_.wait_ready(ns_, name);
  start_producer(name, producer);
}

void Orders::start_producer(const std::string& name, const ProducerSpec& producer) const {
  // Only now: the queue is declared and bound, so that nothing is unroutable.
  eventually("the consumer's connection to the broker", [&] { return state(name).at("connected") == true; });
  Json sender =
      pod(ns_, producer_,
          container(image_,
                    {"/bin/orders-producer", "--exchange", queue_, "--results-exchange", queue_ + ".results",
                     "--results-queue", queue_ + ".results", "--collect-results", "--producers",
                     std::to_string(producer.producers), "--rate", fmt::format("{}", producer.per_second), "--count",
                     std::to_string(producer.count), "--record", "", "--http-port", std::to_string(kProducerPort)},
                    kProducerPort));
  add_route(sender, producer.route);
  if (!producer.node.empty()) sender["spec"]["nodeSelector"] = {{"kubernetes.io/hostname", producer.node}};
  cluster_.apply(sender);
  cluster_.wait_ready(ns_, producer_);
}

std::string Orders::http(const std::string& pod_name, int port, const std::string& path) const {
  return cluster_.raw(fmt::format("/api/v1/namespaces/{}/pods/{}:{}/proxy{}", ns_, pod_name, port, path));
}

Json Orders::state(const std::string& pod_name) const {
  return Json::parse(http(pod_name, kConsumerPort, "/state"));
}

Json Orders::counts(const std::string& pod_name) const {
  return Json::parse(http(pod_name, kConsumerPort, "/state?memory=skip"));
}

void Orders::stop_producer() const {
  cluster_.kubectl(
      {"create", "--raw", fmt::format("/api/v1/namespaces/{}/pods/{}:{}/proxy/stop", ns_, producer_, kProducerPort),
       "-f", "-"},
      "{}");
}

std::uint64_t Orders::unconfirmed() const {
  const Json settled = producer_status().at("settled");
  return settled.value("unknown", std::uint64_t{0}) + settled.value("nacked", std::uint64_t{0});
}

Json Orders::producer_status() const {
  return Json::parse(http(producer_, kProducerPort, "/status"));
}

void Orders::keep_log(const std::string& pod_name) {
  logs_[pod_name] = cluster_.kubectl({"-n", ns_, "logs", pod_name});
}

Verdict Orders::judge(const std::string& last_pod, const std::optional<Span>& undisturbed) {
  eventually("the producer to finish", [&] { return producer_status().at("finished") == true; });
  // Standing still for that long with a message waiting would be a fault, and the audit's to find. After a replay the
  // own queue holds messages that leave the state as it is: they are counted as duplicates.
  std::uint64_t count = 0;
  auto changed = std::chrono::steady_clock::now();
  // What piled up while nobody worked is worked off first, at the rate that the consumer has.
  const auto is_at_rest = [&] {
    const Json answer = counts(last_pod);
    const auto now = answer.at("count").get<std::uint64_t>() + answer.at("duplicates").get<std::uint64_t>();
    if (now != count) changed = std::chrono::steady_clock::now();
    count = now;
    return std::chrono::steady_clock::now() - changed >= kAtRest;
  };
  eventually("the consumer to come to rest", is_at_rest, std::chrono::seconds{600});
  keep_log(last_pod);

  const TemporaryFolder folder;
  Words audit{program("orders-audit").string(),
              "--record",
              put(folder, "record", http(producer_, kProducerPort, "/record")),
              "--results",
              put(folder, "results", http(producer_, kProducerPort, "/results")),
              "--state",
              put(folder, "state", http(last_pod, kConsumerPort, "/state"))};
  for (const auto& [name, log] : logs_)
    audit.insert(audit.end(), {"--log", put(folder, name + ".log", log)});
  const auto judged = run(audit);
  audit.push_back("--json");
  Json figures = Json::parse(run(audit).output, nullptr, false);
  if (undisturbed && figures.is_object()) {
    audit.insert(audit.end(), {"--gap-within", std::to_string(undisturbed->from), std::to_string(undisturbed->until)});
    const Json then = Json::parse(run(audit).output, nullptr, false);
    if (then.is_object()) figures["undisturbed"] = then.at("gap");
  }
  return {judged.succeeded(), judged.output + judged.errors, std::move(figures)};
}

}  // namespace harness
